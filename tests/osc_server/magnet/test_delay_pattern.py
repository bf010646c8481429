"""The delay pattern: what the causal network reads and predicts at each step."""

import torch

from osc_server.magnet.delay_pattern import delayed_inputs, undelayed
from tests.osc_server.magnet.models import TINY, tiny_network

MASK = 99
CODES = torch.tensor([[[1, 2, 3], [4, 5, 6]]])


def test_each_codebook_is_read_a_step_after_it_was_written_and_one_behind_the_coarser() -> None:
    inputs = delayed_inputs(CODES, MASK).inputs
    assert inputs.tolist() == [[[MASK, 1, 2, 3], [MASK, MASK, 4, 5]]]


def test_each_codebook_is_written_one_step_behind_the_coarser() -> None:
    delayed = delayed_inputs(CODES, MASK)
    assert delayed.targets.tolist() == [[[1, 2, 3, 0], [0, 4, 5, 6]]]
    assert delayed.valid.tolist() == [[[True, True, True, False], [False, True, True, True]]]


def test_codebooks_that_are_not_known_are_masked_and_not_judged() -> None:
    delayed = delayed_inputs(CODES, MASK, n_known=1)
    assert delayed.inputs.tolist() == [[[MASK, 1, 2, 3], [MASK] * 4]]
    assert delayed.valid[:, 1].any().item() is False


def test_targets_come_back_in_the_order_of_frames() -> None:
    codes = torch.randint(0, 16, (2, 4, 7))
    targets = delayed_inputs(codes, MASK).targets
    assert torch.equal(undelayed(targets[..., None], 7)[..., 0], codes)


def test_no_causal_logit_depends_on_its_own_code_or_a_later_one() -> None:
    network = tiny_network()
    codes = torch.randint(0, TINY.codebook_size, (1, 4, 9))
    text, mask = torch.randn(1, 3, TINY.text_dim), torch.ones(1, 3, dtype=torch.bool)

    def logits(of: torch.Tensor) -> torch.Tensor:
        inputs = delayed_inputs(of, TINY.mask_token).inputs
        return undelayed(network.causal_logits(inputs, text, mask), 9)

    other = codes.clone()
    other[:, 1, 5:] = (codes[:, 1, 5:] + 1) % TINY.codebook_size
    changed = (logits(codes) - logits(other)).abs().amax(dim=(0, 3)) > 1e-6
    # Codebook 1 of frame 5 is read at step 5 + 1 + 1 = 7; codebook k writes frame 7 - k there.
    assert changed.tolist() == [[frame + k >= 7 for frame in range(9)] for k in range(4)]


def test_the_causal_mode_is_told_by_the_last_beat_feature() -> None:
    network = tiny_network()
    inputs = delayed_inputs(torch.zeros(1, 4, 5, dtype=torch.long), TINY.mask_token).inputs
    beat = torch.randn(1, inputs.shape[-1], TINY.n_beat_features)
    features = network.causal_beat(inputs, beat)
    assert torch.equal(features[..., :-1], beat[..., :-1])
    assert features[..., -1].unique().tolist() == [1]
    assert network.causal_beat(inputs, None)[..., :-1].abs().sum() == 0
