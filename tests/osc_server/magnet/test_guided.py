"""What the network is asked: several texts mixed, and others to go away from."""

import pytest
import torch

from osc_server.magnet.guided import PLAIN, GuidedNetwork, Wording, stack_texts
from osc_server.magnet.protocols import TextStates
from tests.osc_server.magnet.models import TINY, tiny_network
from tests.osc_server.magnet.test_decoding import words

N_FRAMES = 12
FRAMES = torch.arange(N_FRAMES)[None]
DRUMS, PAD, NOTHING = words(4, seed=1), words(6, seed=2), words(0)
NETWORK = tiny_network()


def rows(*texts):
    stacked = texts[0]
    for text in texts[1:]:
        stacked = stack_texts(stacked, text)
    return stacked


def logits(text, guidance=1.0, wording=PLAIN, n_items=1, wrap_frames=0):
    codes = torch.randint(
        TINY.codebook_size, (1, 4, N_FRAMES), generator=torch.Generator().manual_seed(5)
    ).expand(n_items, -1, -1)
    guided = GuidedNetwork(NETWORK, text, None, N_FRAMES, wrap_frames, wording)
    return guided.logits(codes, 0, FRAMES.expand(n_items, -1), guidance)


def close(found, wanted):
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=0)


def mix(items, *shares, against=None):
    return Wording(items, torch.tensor(shares), against)


def test_a_negative_prompt_takes_the_place_of_the_null_condition():
    against = logits(PAD)
    found = logits(DRUMS, 3.0, Wording(against=PAD))
    close(found, against + 3 * (logits(DRUMS) - against))


def test_a_negative_prompt_works_without_a_prompt():
    found = logits(NOTHING, 3.0, Wording(against=PAD))
    close(found, logits(PAD) + 3 * (logits(NOTHING) - logits(PAD)))


def test_an_empty_negative_prompt_beside_another_is_the_null_condition():
    wording = Wording(against=rows(PAD, NOTHING))
    found = logits(rows(DRUMS, DRUMS), 3.0, wording, n_items=2)
    close(found[0], logits(DRUMS, 3.0, Wording(against=PAD))[0])
    close(found[1], logits(DRUMS, 3.0)[0])


def test_a_negative_prompt_costs_no_more_rows_than_none(monkeypatch):
    n_rows = []
    hidden = NETWORK.hidden
    monkeypatch.setattr(
        NETWORK, "hidden", lambda x, *args: (n_rows.append(len(x)), hidden(x, *args))[1]
    )
    logits(DRUMS, 3.0, Wording(against=PAD))
    logits(DRUMS, 1.0, Wording(against=PAD))
    assert n_rows == [2, 1]


@pytest.mark.parametrize("wrap_frames", [0, 5])
def test_prompts_are_mixed_in_the_logits_frame_by_frame(wrap_frames):
    share = torch.linspace(0, 1, N_FRAMES)
    wording = mix([0, 0], (1 - share).tolist(), share.tolist())
    found = logits(rows(DRUMS, PAD), 1.0, wording, wrap_frames=wrap_frames)
    drums, pad = (logits(text, wrap_frames=wrap_frames) for text in (DRUMS, PAD))
    close(found, drums + share[:, None] * (pad - drums))


def test_guidance_pulls_the_mix():
    wording = mix([0, 0], [0.7] * N_FRAMES, [0.3] * N_FRAMES)
    null = logits(NOTHING)
    mixed = 0.7 * logits(DRUMS) + 0.3 * logits(PAD)
    close(logits(rows(DRUMS, PAD), 3.0, wording), null + 3 * (mixed - null))


def test_items_of_a_batch_may_have_mixes_of_different_sizes():
    half, whole = [0.5] * N_FRAMES, [1.0] * N_FRAMES
    wording = mix([0, 0, 1], half, half, whole, against=rows(PAD, NOTHING))
    found = logits(rows(DRUMS, NOTHING, DRUMS), 2.0, wording, n_items=2)
    alone = logits(rows(DRUMS, NOTHING), 2.0, mix([0, 0], half, half, against=PAD))
    close(found[0], alone[0])
    close(found[1], logits(DRUMS, 2.0)[0])


def test_stacked_texts_are_padded_with_what_is_masked():
    stacked = stack_texts(DRUMS, PAD)
    assert isinstance(stacked, TextStates)
    assert stacked.mask.sum(dim=1).tolist() == [4, 6]
    close(stacked.states[:1, :4], DRUMS.states)
