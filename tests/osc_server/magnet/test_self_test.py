"""The self-test of a device, on devices that are the CPU with something wrong."""

import copy

import pytest
import torch

from osc_server.magnet import self_test
from osc_server.magnet.checkpoints import load_checkpoint
from osc_server.magnet.self_test import (
    CpuCodec,
    attention_is_right,
    codec_is_right,
    load_where_right,
    with_right_codec,
)
from tests.osc_server.magnet.conftest import GOLDEN_FOLDER

CPU = torch.device("cpu")
APPLE = torch.device("mps")


@pytest.fixture(scope="module", params=["official", "embedded kind"])
def model(request, tiny_folder):
    folder = GOLDEN_FOLDER / "checkpoint" if request.param == "official" else tiny_folder
    return load_checkpoint(folder, GOLDEN_FOLDER, CPU, torch.float32)


def refuse(*args, **kwargs):
    raise NotImplementedError("this operator is not there on the device")


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_what_computes_alike_is_right(model, dtype):
    network = copy.deepcopy(model.network).to(dtype)
    assert attention_is_right(network, CPU)
    assert codec_is_right(copy.deepcopy(model.codec), model.codec, CPU)


def broken_attention(monkeypatch, how):
    """The device's attention, which the reference (single precision) does not share."""
    right = torch.nn.functional.scaled_dot_product_attention

    def wrong(query, *args, **kwargs):
        found = right(query, *args, **kwargs)
        return how(found) if query.dtype is torch.bfloat16 else found

    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", wrong)


@pytest.mark.parametrize(
    "how", [lambda x: x.flip(2), lambda x: x * torch.nan, lambda x: x * 1.2, refuse]
)
def test_attention_that_differs_is_noticed(model, monkeypatch, how):
    broken_attention(monkeypatch, how)
    assert not attention_is_right(copy.deepcopy(model.network).to(torch.bfloat16), CPU)


@pytest.mark.parametrize(
    ("method", "how"),
    [
        ("decode", lambda audio: audio.flip(-1)),
        ("decode", lambda audio: audio * torch.nan),
        ("decode", lambda audio: audio[..., 1:]),
        ("decode", refuse),
        ("encode", lambda codes: codes ^ 1),
        ("encode", lambda codes: codes[..., 1:]),
        ("encode", refuse),
    ],
)
def test_a_codec_that_differs_stays_on_the_cpu(model, monkeypatch, method, how):
    garbled = copy.deepcopy(model.codec)
    right = getattr(garbled, method)
    monkeypatch.setattr(garbled, method, lambda x: how(right(x)), raising=False)
    monkeypatch.setattr(self_test.copy, "deepcopy", lambda codec: copy.copy(model.codec))
    settled = with_right_codec(self_test.replace(model, codec=garbled), CPU)
    assert isinstance(settled.codec, CpuCodec)
    codes = torch.randint(model.codec.codebook_size, (1, 4, 9))
    audio = model.codec.decode(codes)
    assert torch.equal(settled.codec.decode(codes), audio)
    assert torch.equal(settled.codec.encode(audio), model.codec.encode(audio))
    around = model.codec.decode(codes, circular=True)
    assert torch.equal(settled.codec.decode(codes, circular=True), around)


def test_a_codec_that_is_right_stays_where_it_is(model):
    assert with_right_codec(model, CPU).codec is model.codec


class Loads:
    """Loads that are remembered; the device is really the CPU."""

    def __init__(self, model, monkeypatch, right_in):
        self.asked = []
        self.model = model
        monkeypatch.setattr(
            self_test, "attention_is_right", lambda network, device: self.asked[-1] in right_in
        )
        monkeypatch.setattr(self_test, "with_right_codec", lambda model, device: model)

    def __call__(self, device, dtype):
        self.asked.append((device.type, dtype))
        return self.model


@pytest.mark.parametrize(
    ("right_in", "asked", "device"),
    [
        ([("mps", torch.float16)], [("mps", torch.float16)], APPLE),
        (
            [("mps", torch.float32)],
            [("mps", torch.float16), ("mps", torch.float32)],
            APPLE,
        ),
        (
            [],
            [("mps", torch.float16), ("mps", torch.float32), ("cpu", torch.float32)],
            CPU,
        ),
    ],
)
def test_what_is_wrong_in_half_precision_is_tried_in_single_and_then_on_the_cpu(
    model, monkeypatch, right_in, asked, device
):
    loads = Loads(model, monkeypatch, right_in)
    assert load_where_right(loads, APPLE, torch.float16) == (model, device)
    assert loads.asked == asked


def test_other_devices_are_trusted(model, monkeypatch):
    loads = Loads(model, monkeypatch, [])
    assert load_where_right(loads, CPU, torch.float32) == (model, CPU)
    assert loads.asked == [("cpu", torch.float32)]
