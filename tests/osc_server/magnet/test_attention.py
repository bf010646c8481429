"""Attention: the band, rows without a text, and layers packed for speed give the same numbers."""

import pytest
import torch

from osc_server.magnet.attention import band_mask, banded_attention
from osc_server.magnet.packed import can_pack, has_fast_bfloat16, pack
from tests.osc_server.magnet.models import TINY, tiny_network

needs_packing = pytest.mark.skipif(not can_pack(), reason="this build of torch has no oneDNN")


@pytest.fixture
def inputs():
    generator = torch.Generator().manual_seed(5)
    codes = torch.randint(TINY.codebook_size + 1, (2, 4, 40), generator=generator)
    text = torch.randn(2, 6, TINY.text_dim, generator=generator)
    mask = torch.tensor([[True] * 6, [True] * 4 + [False] * 2])
    beat = torch.randn(2, 40, TINY.n_beat_features, generator=generator)
    return codes, text, mask, beat


@pytest.mark.parametrize("n_frames", [1, 4, 15, 16, 17, 33, 100])
@pytest.mark.parametrize("reach", [1, 5, 20])
def test_banded_attention_equals_dense_attention_with_a_band_mask(n_frames, reach):
    q, k, v = torch.randn(3, 2, n_frames, 3, 8, generator=torch.Generator().manual_seed(1))
    frames = torch.arange(n_frames)
    dense = (frames[:, None] - frames).abs() <= reach
    wanted = torch.nn.functional.scaled_dot_product_attention(
        q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2), attn_mask=dense
    ).transpose(1, 2)
    found = banded_attention(q, k, v, band_mask(n_frames, reach, q.device))
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=0)


def test_gradients_of_banded_attention_are_finite_where_the_last_block_is_not_full():
    x = torch.randn(3, 1, 17, 2, 4).requires_grad_()
    banded_attention(*x, band_mask(17, 5, x.device)).square().sum().backward()
    assert x.grad.isfinite().all()


def test_padding_of_a_text_changes_nothing(inputs):
    codes, text, mask, beat = inputs
    network = tiny_network()
    short = network(codes[1:], 0, text[1:, :4], mask[1:, :4], beat[1:])
    torch.testing.assert_close(network(codes, 0, text, mask, beat)[1:], short, atol=1e-5, rtol=0)


@pytest.mark.parametrize("length", [0, 3])
def test_a_row_without_words_ignores_what_its_states_hold(inputs, length):
    codes, text, _, _ = inputs
    network = tiny_network()
    nothing = torch.zeros(2, length, dtype=torch.bool)
    found = network(codes, 1, text[:, :length] * 1e3, nothing)
    wanted = network(codes, 1, torch.zeros(2, 1, TINY.text_dim), torch.zeros(2, 1).bool())
    assert torch.equal(found, wanted)


def test_no_beat_equals_a_beat_of_zeros(inputs):
    codes, text, mask, beat = inputs
    network = tiny_network()
    zeros = torch.zeros_like(beat)
    assert torch.equal(network(codes, 0, text, mask), network(codes, 0, text, mask, zeros))
    assert not torch.equal(network(codes, 0, text, mask), network(codes, 0, text, mask, beat))


@pytest.mark.parametrize("stage", [0, 2])
def test_training_reaches_every_weight_that_the_stage_uses(inputs, stage):
    codes, text, mask, beat = inputs
    network = tiny_network().requires_grad_().train()
    network(codes, stage, text, mask, beat).logsumexp(-1).sum().backward()
    for name, weight in network.named_parameters():
        if not name.startswith("linears.") or name.startswith(f"linears.{stage}."):
            assert weight.grad.isfinite().all(), name
            assert weight.grad.any(), name


@needs_packing
@pytest.mark.parametrize("stage", [0, 1])
def test_packing_changes_rounding_only(inputs, stage):
    codes, text, mask, beat = inputs
    network = tiny_network()
    wanted = network(codes, stage, text, mask, beat)
    pack(network, "float32")
    torch.testing.assert_close(network(codes, stage, text, mask, beat), wanted, atol=1e-4, rtol=0)


@needs_packing
@pytest.mark.skipif(not has_fast_bfloat16(), reason="this processor has no bfloat16")
@pytest.mark.parametrize("stage", [0, 1])
def test_packing_in_bfloat16_stays_close(inputs, stage):
    codes, text, mask, beat = inputs
    network = tiny_network()
    wanted = network(codes, stage, text, mask, beat)
    pack(network, "bfloat16")
    found = network(codes, stage, text, mask, beat)
    assert found.dtype is torch.float32
    assert (found - wanted).std() < 0.02 * wanted.std()
