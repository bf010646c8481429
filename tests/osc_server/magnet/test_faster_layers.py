"""Other ways to run the layers give what the plain way gives."""

import pytest
import torch

from osc_server.magnet import cpu_attention
from osc_server.magnet.attention import dense_attention
from osc_server.magnet.cpu_attention import attention_by_heads
from osc_server.magnet.decoding import DecodeJob, Decoder
from osc_server.magnet.graphed import GraphedLayers
from osc_server.magnet.packed import (
    Int8Linear,
    can_pack,
    has_fast_bfloat16,
    has_fast_int8,
    pack,
)
from osc_server.magnet.precision import hasten, stored_dtype
from osc_server.magnet.protocols import TextStates
from osc_server.magnet.reused import ReusingLayers, reached
from osc_server.magnet.sampling import SeededDraws
from osc_server.magnet.spec import NetworkSpec
from tests.osc_server.magnet.models import TINY, TINY_DECODING, tiny_network

CPU = torch.device("cpu")
N_FRAMES = 137
DEEP = NetworkSpec(dim=32, n_heads=2, n_layers=5, codebook_size=16, text_dim=8)
needs_int8 = pytest.mark.skipif(not has_fast_int8(), reason="this processor has no int8 products")


@pytest.fixture
def network():
    return tiny_network(DEEP)


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(7)


def memory_of(network, generator, n_rows=2):
    states = torch.randn(n_rows, 5, DEEP.text_dim, generator=generator)
    lengths = torch.tensor([5, 2, 0, 3][:n_rows])[:, None]
    return network.text_memory(states, torch.arange(5) < lengths)


def both(network, faster, x, stage, memory, frames=None):
    """What the plain way gives, and the faster one."""
    results = []
    for way in (None, faster):
        network.faster = way
        if frames is None:
            results.append(network.hidden(x, stage, memory))
        else:
            results.append(network.hidden_at(x, stage, memory, frames))
    network.faster = None
    return results


@pytest.mark.parametrize("make", [ReusingLayers, GraphedLayers])
@pytest.mark.parametrize("n_frames", [1, 15, 16, 17, N_FRAMES])
@pytest.mark.parametrize("stage", [0, 1])
def test_all_frames_are_as_in_the_plain_way(network, generator, make, n_frames, stage):
    memory = memory_of(network, generator)
    x = torch.randn(4, n_frames, DEEP.dim, generator=generator)
    plain, fast = both(network, make(network), x, stage, memory)
    torch.testing.assert_close(fast, plain, atol=1e-5, rtol=0)


@pytest.mark.parametrize("reach", [1, 5, -1])
def test_frames_kept_from_steps_before_are_as_if_computed_again(generator, reach):
    """Codes change here and there, rows come and go, and other frames are asked for."""
    spec = NetworkSpec(
        dim=32, n_heads=2, n_layers=5, codebook_size=16, text_dim=8, subcodes_context=reach
    )
    network = tiny_network(spec)
    memory = memory_of(network, generator)
    faster = ReusingLayers(network)
    x = torch.randn(4, N_FRAMES, spec.dim, generator=generator)
    for number, stage in enumerate([0, 1, 1, 1, 2, 2, 2, 2, 1, 3, 3, 3]):
        x = x.clone()
        changed = torch.randint(N_FRAMES, (2,), generator=generator)
        x[number % 4, changed] += 1
        n_rows = 2 if number % 5 == 4 else 4
        frames = torch.rand(n_rows, N_FRAMES, generator=generator).argsort(dim=1)[:, :6]
        plain, fast = both(network, faster, x[:n_rows], stage, memory, frames)
        torch.testing.assert_close(fast, plain, atol=1e-5, rtol=0)


def test_little_is_computed_again_where_little_has_changed(network, generator, monkeypatch):
    memory = memory_of(network, generator)
    computed = []
    in_proj = network.layers[0].self_attn.in_proj
    in_proj.register_forward_hook(lambda module, args, out: computed.append(args[0].numel()))
    faster = ReusingLayers(network)
    x = torch.randn(2, N_FRAMES, DEEP.dim, generator=generator)
    frames = torch.tensor([[60, 61], [60, 61]])
    faster(x, 1, memory)
    faster(x, 1, memory, frames)
    assert len(computed) == 1  # nothing changed: nothing is computed
    x = x.clone()
    x[0, 60] += 1
    faster(x, 1, memory, frames)
    assert computed[1] < computed[0] / 2


def test_texts_are_kept_apart(network, generator):
    faster = ReusingLayers(network)
    x = torch.randn(2, N_FRAMES, DEEP.dim, generator=generator)
    for memory in [memory_of(network, generator) for _ in range(2)] * 2:
        plain, fast = both(network, faster, x, 1, memory)
        torch.testing.assert_close(fast, plain, atol=1e-5, rtol=0)


def test_what_does_not_fit_is_not_kept(network, generator):
    faster = ReusingLayers(network, most_bytes=1)
    memory = memory_of(network, generator)
    for _ in range(2):
        x = torch.randn(2, N_FRAMES, DEEP.dim, generator=generator)
        plain, fast = both(network, faster, x, 1, memory)
        torch.testing.assert_close(fast, plain, atol=1e-5, rtol=0)


def test_what_is_kept_goes_with_its_text(network, generator):
    faster = ReusingLayers(network)
    memory = memory_of(network, generator)
    faster(torch.randn(2, N_FRAMES, DEEP.dim, generator=generator), 1, memory)
    assert len(faster._kept) == 1
    del memory
    assert not faster._kept


@pytest.mark.parametrize("reach", [0, 1, 5, 60])
def test_reached_frames_are_those_nearby(generator, reach):
    frames = torch.rand(3, 50, generator=generator).numpy() < 0.05
    for row, found in zip(frames, reached(frames, reach), strict=True):
        wanted = [bool(row[max(0, t - reach) : t + reach + 1].any()) for t in range(50)]
        assert found.tolist() == wanted


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_attention_by_heads_is_attention(generator, dtype, monkeypatch):
    monkeypatch.setattr("osc_server.magnet.cpu_attention.SCORES_AT_ONCE", 4000)  # two at once
    q = torch.randn(2, 30, 3, 8, generator=generator)
    k, v = torch.randn(2, 2, 60, 3, 8, generator=generator)
    wanted = dense_attention(q, k, v)
    found = attention_by_heads(q.to(dtype), k.to(dtype), v.to(dtype))
    atol = 1e-5 if dtype is torch.float32 else 0.03
    torch.testing.assert_close(found.float(), wanted, atol=atol, rtol=0)


@needs_int8
def test_an_int8_row_depends_on_that_row_alone(generator):
    layer = Int8Linear(torch.randn(32, 64, generator=generator))
    x = torch.randn(5, 64, generator=generator)
    louder = x.clone()
    louder[1:] *= 100
    assert torch.equal(layer(x)[0], layer(louder)[0])
    assert torch.equal(layer(x[:1])[0], layer(x)[0])


@needs_int8
def test_an_int8_layer_of_zeros_gives_zeros():
    layer = Int8Linear(torch.zeros(16, 8))
    assert not layer(torch.zeros(3, 8)).any()
    assert not layer(torch.randn(3, 8)).any()


@needs_int8
@pytest.mark.parametrize("stage", [0, 1])
def test_packing_in_int8_stays_close(generator, stage):
    network = tiny_network()
    codes = torch.randint(TINY.codebook_size + 1, (2, 4, 40), generator=generator)
    text = torch.randn(2, 6, TINY.text_dim, generator=generator)
    mask = torch.ones(2, 6, dtype=torch.bool)
    wanted = network(codes, stage, text, mask)
    pack(network, "int8")
    found = network(codes, stage, text, mask)
    assert (found - wanted).std() < 0.05 * wanted.std()


def codes_of(network):
    shape = (1, TINY.n_codebooks, 90)
    job = DecodeJob(
        text=TextStates(torch.randn(1, 4, TINY.text_dim), torch.ones(1, 4, dtype=torch.bool)),
        beat=None,
        given=torch.zeros(shape, dtype=torch.long),
        keep=torch.zeros(shape, dtype=torch.bool),
        decoding=TINY_DECODING,
        draws=SeededDraws([3], CPU),
        wrap_frames=9,
    )
    return Decoder(network, span=3).decode(job, lambda done, n_steps: None).codes


def test_float32_made_fast_draws_the_same_tokens():
    torch.manual_seed(5)
    plain = codes_of(tiny_network())
    network = tiny_network()
    assert hasten(network, "float32", CPU) == "float32"
    torch.manual_seed(5)
    assert torch.equal(codes_of(network), plain)


@pytest.mark.parametrize("precision", ["auto", "float32", "bfloat16", "float16", "int8"])
def test_every_precision_runs_on_every_processor(precision):
    network = tiny_network().to(stored_dtype(precision, CPU))
    runs_in = hasten(network, precision, CPU)
    if precision == "auto":
        assert runs_in == ("bfloat16" if has_fast_bfloat16() else "float32")
    if precision == "int8" and has_fast_int8():
        assert runs_in == "int8"
    assert codes_of(network).max() < TINY.codebook_size


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
@pytest.mark.parametrize("stage", [0, 1])
def test_graphs_give_what_kernels_give(generator, dtype, stage):
    device = torch.device("cuda")
    spec = NetworkSpec(dim=128, n_heads=2, n_layers=3, codebook_size=16, text_dim=8)
    network = tiny_network(spec).to(device, dtype)
    texts = torch.randn(2, 2, 5, spec.text_dim, generator=generator).to(device, dtype)
    words = torch.arange(5, device=device) < torch.tensor([[5], [2]], device=device)
    memories = [network.text_memory(text, words) for text in texts]
    faster = GraphedLayers(network)
    for number in range(6):  # recorded the second time, replayed from then on
        x = torch.randn(4, 100, spec.dim, generator=generator).to(device, dtype)
        plain, fast = both(network, faster, x, stage, memories[number % 2])
        atol = 1e-4 if dtype is torch.float32 else 0.05
        torch.testing.assert_close(fast, plain, atol=atol, rtol=0)
    assert not faster.refused


@pytest.mark.parametrize("batch", [1, 2])
def test_onednn_is_never_given_strided_heads(generator, monkeypatch, batch):
    """Over strides it takes hundreds of times as long, and one row needs no copy to be laid out."""
    seen = []
    product = cpu_attention._product
    monkeypatch.setattr(cpu_attention, "can_pack", lambda: True)
    monkeypatch.setattr(
        cpu_attention,
        "_product",
        lambda x, y: (
            seen.extend([x.is_contiguous(), y.is_contiguous()]),
            product(x, y) if can_pack() else x @ y.t(),
        )[1],
    )
    qkv = torch.randn(batch, 20, 3, 2, 8, generator=generator)
    attention_by_heads(*qkv.unbind(2))
    assert seen
    assert all(seen)
