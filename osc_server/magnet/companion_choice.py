"""Which autoregressive companion a model has: its own weights, or a MusicGen that is on disk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from osc_server.magnet.autoregressive import Sampling
from osc_server.magnet.checkpoints import Checkpoint
from osc_server.magnet.companions import SHARED, AutoregressiveCompanion, SharedNetwork
from osc_server.magnet.musicgen import MusicGenNetwork, find_musicgen
from osc_server.magnet.protocols import Companion, Rescorer
from osc_server.rendering.plan import Codes, OnStep, Plan

MUSICGEN_CODES = (4, 2048)
MUSICGEN_RATE_HZ = 32_000


def find_companion(
    model: Checkpoint, models_folder: Path, device: torch.device, dtype: torch.dtype
) -> Companion | None:
    """The companion of a model, or None where there is none of the same codes.

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

    def load() -> Companion:
        network = MusicGenNetwork.load(folder, device, dtype, MUSICGEN_CODES)
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
