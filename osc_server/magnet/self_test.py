"""Is what a device computes right? Asked at load where it is known to go wrong: on Apple's GPUs.

PyTorch's Metal backend has had attention that was wrong for some shapes and masks, and convolutions
and LSTMs that turned a codec's audio into noise, each in some releases and on some systems. So one
layer and the codec are run on a small input, there and on the CPU, and what differs is not used.
Written without such a machine at hand: the comparison is tested, the machine is not.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from osc_server.magnet.checkpoints import Checkpoint
from osc_server.magnet.protocols import Codec
from osc_server.magnet.transformer import MagnetTransformer
from osc_server.magnet.undrawn import UndrawnWeights

Load = Callable[[torch.device, torch.dtype], Checkpoint]
N_FRAMES = 37
"""Of the small input: more than two blocks of banded attention, and no round number."""
TOLERANCE = {torch.float32: 0.002, torch.float16: 0.02, torch.bfloat16: 0.06}
"""How far a result may be from the CPU's, as a share of the CPU's own size."""
CODEC_TOLERANCE = 0.02
LEAST_SAME_CODES = 0.9
"""Of the first codebook, between the codes of the same audio."""
_CPU = torch.device("cpu")
_WRONG = (RuntimeError, NotImplementedError, TypeError)
"""What a backend raises where it lacks an operator or a type."""

_log = logging.getLogger(__name__)


def load_where_right(
    load: Load, device: torch.device, dtype: torch.dtype
) -> tuple[Checkpoint, torch.device]:
    """Load a model onto a device that computes it rightly.

    Args:
        load: loads it onto a device, its network in a type.
        device: the one that is asked for; any but Apple's is trusted.
        dtype: of the network there.

    Returns:
        The model, and where its network is. Where attention differs in half precision it is loaded
        in single precision; where it still differs, onto the CPU. A codec that differs stays on
        the CPU while the network goes on where it is.
    """
    if device.type != "mps":
        return load(device, dtype), device
    for tried in dict.fromkeys((dtype, torch.float32)):
        model = load(device, tried)
        if attention_is_right(model.network, device):
            return with_right_codec(model, device), device
        _log.warning("attention in %s differs on %s from the CPU's", tried, device)
    _log.warning("%s computes wrongly: the model runs on the CPU instead", device)
    return load(_CPU, torch.float32), _CPU


@torch.inference_mode()
def attention_is_right(network: MagnetTransformer, device: torch.device) -> bool:
    """Whether the first layer gives there what it gives on the CPU: dense, banded, with text."""
    dtype = network.out_norm.weight.dtype
    there = _first_layer(network, device, dtype)
    on_cpu = _first_layer(network, _CPU, torch.float32)
    spec = network.spec
    generator = torch.Generator().manual_seed(1)
    codes = torch.randint(spec.codebook_size, (2, spec.n_codebooks, N_FRAMES), generator=generator)
    text = torch.randn(2, 3, spec.text_dim, generator=generator)
    mask = torch.tensor([[True, True, True], [False, False, False]])
    for stage in range(min(2, spec.n_codebooks)):

        def run(network: MagnetTransformer, where: torch.device, stage: int = stage) -> Tensor:
            logits: Tensor = network(codes.to(where), stage, text.to(where), mask.to(where))
            return logits

        if not _agrees(partial(run, there, device), run(on_cpu, _CPU), TOLERANCE[dtype]):
            return False
    return True


def with_right_codec(model: Checkpoint, device: torch.device) -> Checkpoint:
    """The model with its codec on the CPU, if the device gets the codec wrong."""
    on_cpu = copy.deepcopy(model.codec)
    if isinstance(on_cpu, MovableCodec):
        on_cpu.to(_CPU)
    if codec_is_right(model.codec, on_cpu, device):
        return model
    _log.warning("the codec differs on %s from the CPU's: it runs on the CPU", device)
    return replace(model, codec=CpuCodec(on_cpu))


@torch.inference_mode()
def codec_is_right(there: Codec, on_cpu: Codec, device: torch.device) -> bool:
    """Whether audio and codes of a codec are the same on the device as on the CPU."""
    generator = torch.Generator().manual_seed(1)
    shape = (1, on_cpu.n_codebooks, N_FRAMES)
    codes = torch.randint(on_cpu.codebook_size, shape, generator=generator)
    audio = on_cpu.decode(codes)
    if not _agrees(lambda: there.decode(codes.to(device)), audio, CODEC_TOLERANCE):
        return False
    loudness = torch.linspace(0.02, 0.5, audio.shape[1])
    sound = torch.randn(audio.shape, generator=generator) * loudness
    try:
        found = there.encode(sound.to(device)).to(_CPU)
    except _WRONG:
        return False
    wanted = on_cpu.encode(sound)
    # Where two codes are as near, rounding decides, and with it all later codebooks.
    same = found.shape == wanted.shape and (found == wanted)[:, 0].float().mean()
    return bool(same >= LEAST_SAME_CODES)


@runtime_checkable
class MovableCodec(Protocol):
    """A codec whose weights can change their place."""

    def to(self, device: torch.device) -> object:
        """Move to a device."""
        ...


class CpuCodec:
    """A codec that stays on the CPU, whatever device its codes and audio are on."""

    def __init__(self, codec: Codec) -> None:
        """Wrap a codec that is on the CPU."""
        self._codec = codec
        self.sample_rate_hz = codec.sample_rate_hz
        self.samples_per_frame = codec.samples_per_frame
        self.n_codebooks = codec.n_codebooks
        self.codebook_size = codec.codebook_size

    def encode(self, audio: Tensor) -> Tensor:
        """See ``protocols.Codec``."""
        return self._codec.encode(audio.to(_CPU))

    def decode(self, codes: Tensor, *, circular: bool = False) -> Tensor:
        """See ``protocols.Codec``."""
        return self._codec.decode(codes.to(_CPU), circular=circular)


def _first_layer(
    network: MagnetTransformer, device: torch.device, dtype: torch.dtype
) -> MagnetTransformer:
    """The network without its other layers, sharing its weights where it can."""
    with torch.device("meta"), UndrawnWeights():
        short = MagnetTransformer(replace(network.spec, n_layers=1))
    whole = network.state_dict()
    weights = {name: whole[name].to(device, dtype) for name in short.state_dict()}
    short.load_state_dict(weights, assign=True)
    return short.eval().requires_grad_(False)


def _agrees(compute: Callable[[], Tensor], wanted: Tensor, tolerance: float) -> bool:
    """Whether something can be computed at all, and lies near what is wanted."""
    try:
        found = compute().to(_CPU, torch.float32)
    except _WRONG:
        return False
    if found.shape != wanted.shape or not bool(found.isfinite().all()):
        return False
    return bool((found - wanted).norm() <= tolerance * wanted.norm().clamp_min(1e-6))
