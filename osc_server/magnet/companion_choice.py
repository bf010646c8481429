"""Which autoregressive companion takes part: the model's own, or a MusicGen that is on disk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from osc_server.contract.errors import ModelUnavailable
from osc_server.magnet.autoregressive import Sampling
from osc_server.magnet.checkpoints import Checkpoint
from osc_server.magnet.companions import SHARED, AutoregressiveCompanion, SharedNetwork
from osc_server.magnet.musicgen import MusicGenNetwork, find_musicgen, read_codes
from osc_server.magnet.pretrained import find_folder
from osc_server.magnet.protocols import Companion, Rescorer
from osc_server.magnet.spectral_codec import SpectralCodec
from osc_server.rendering.plan import Codes, OnStep, Plan

MUSICGEN_CODES = (4, 2048)
MUSICGEN_RATE_HZ = 32_000
_PUBLISHER = "facebook/"

OpenCompanion = Callable[[str], Companion]
"""Finds a companion by its name; raises ModelUnavailable where it is missing or does not fit."""


class Companions:
    """The companions that one model can have: its own, and others by name."""

    def __init__(self, model: str, own: Companion | None, open_other: OpenCompanion | None) -> None:
        """Load none yet.

        Args:
            model: what the model is called, for errors.
            own: the one that it has where none is named; None = none.
            open_other: finds others; None = there are none.
        """
        self._model = model
        self._own = own
        self._open_other = open_other
        self._other: tuple[str, Companion] | None = None

    def get(self, name: str, what: str) -> Companion:
        """The companion of a name, or the model's own where that is empty.

        Of others only the last is kept: they are large.

        Args:
            name: as a client says it.
            what: what it is for, for the error.

        Raises:
            ModelUnavailable: there is none, it is not on disk, or writes other codes.
        """
        if self._own is not None and name in ("", self._own.name):
            return self._own
        if not name:
            raise ModelUnavailable(
                f"{what} needs an autoregressive companion, and the model {self._model} has "
                "none: leave it out, or load a model that has one"
            )
        if self._other is None or self._other[0] != name:
            if self._open_other is None:
                raise ModelUnavailable(f"{self._model} takes no other companion: leave it out")
            self._other = None  # its memory goes before the next one's comes
            self._other = name, self._open_other(name)
        return self._other[1]


def find_companion(
    model: Checkpoint, models_folder: Path, device: torch.device, dtype: torch.dtype
) -> Companion | None:
    """A model's own companion, or None where there is none of the same codes.

    Args:
        model: a loaded checkpoint.
        models_folder: where a MusicGen is looked for.
        device: where it computes.
        dtype: of a MusicGen's weights.
    """
    if model.companion == SHARED:
        network = SharedNetwork(model.network, model.conditioner, model.frame_rate, device)
        return AutoregressiveCompanion(SHARED, network, Sampling())
    codec = model.codec
    same_codes = (codec.n_codebooks, codec.codebook_size) == MUSICGEN_CODES
    if not same_codes or codec.sample_rate_hz != MUSICGEN_RATE_HZ:
        return None
    found = find_musicgen(models_folder)
    if found is None:
        return None
    name, folder = found
    return _lazy_musicgen(name, folder, device, dtype, MUSICGEN_CODES)


def open_companion(
    name: str,
    model: tuple[Checkpoint, str],
    models_folder: Path,
    device: torch.device,
    dtype: torch.dtype,
) -> Companion:
    """A MusicGen of the models folder as the companion of a model; its weights are read later.

    Args:
        name: of its folder; ``facebook/`` may be left out.
        model: a loaded checkpoint, and what it is called.
        models_folder: where it lies.
        device: where it computes.
        dtype: of its weights.

    Raises:
        ModelUnavailable: it is not there, is no MusicGen, or writes other codes than the model.
    """
    checkpoint, model_name = model
    codec = checkpoint.codec
    if isinstance(codec, SpectralCodec):
        raise ModelUnavailable(
            f"{name} writes codes of EnCodec, and {model_name} has a codec of its own: leave "
            "companion out"
        )
    folder = find_folder(name, models_folder) or find_folder(_PUBLISHER + name, models_folder)
    if folder is None:
        raise ModelUnavailable(
            f"no companion {name} in {models_folder}: `magnet-bridge models fetch {name}` gets a "
            "MusicGen; or leave companion out"
        )
    wanted = codec.n_codebooks, codec.codebook_size, codec.sample_rate_hz
    found = read_codes(folder)
    if found != wanted:
        raise ModelUnavailable(
            f"{name} does not fit {model_name}: it writes {found[0]} codebooks of {found[1]} codes "
            f"at {found[2]} Hz, not {wanted[0]} of {wanted[1]} at {wanted[2]} Hz"
        )
    return _lazy_musicgen(name, folder, device, dtype, found[:2])


def _lazy_musicgen(
    name: str, folder: Path, device: torch.device, dtype: torch.dtype, codes: tuple[int, int]
) -> LazyCompanion:
    def load() -> Companion:
        network = MusicGenNetwork.load(folder, device, dtype, codes)
        return AutoregressiveCompanion(name, network, Sampling())

    return LazyCompanion(name, load)


class LazyCompanion:
    """A companion that is loaded when it is first needed: most clips need none, and it is large."""

    def __init__(self, name: str, load: Callable[[], Companion]) -> None:
        """Make one; ``load`` is called once, what it raises reaches whoever needed it."""
        self.name = name
        self._load = load
        self._loaded: Companion | None = None

    def hint(self, plan: Plan, n_frames: int, on_step: OnStep) -> Codes:
        """See ``Companion.hint``."""
        return self._get().hint(plan, n_frames, on_step)

    def rescorer(self, plans: Sequence[Plan]) -> Rescorer:
        """See ``Companion.rescorer``."""
        return self._get().rescorer(plans)

    def _get(self) -> Companion:
        if self._loaded is None:
            self._loaded = self._load()
        return self._loaded
