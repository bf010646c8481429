"""The corpus in memory: audio to crop from, and codes with their beats and captions."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from osc_server.training.sizes import CLIP_SAMPLES


def step_generator(seed: int, step: int) -> torch.Generator:
    """The generator of one training step, so that a resumed run draws what it would have drawn."""
    return torch.Generator().manual_seed(seed * 1_000_003 + step)


class AudioBank:
    """The rendered clips as int16 ``[n_clips, n_samples]``.

    Args:
        folder: where the corpus was built.
        n_clips: how many of its clips, from the first.
        device: where what is asked for goes to.
        resident: whether all clips are held there, for many crops; otherwise they stay mapped.
    """

    def __init__(
        self, folder: Path, n_clips: int, device: torch.device, *, resident: bool = True
    ) -> None:
        path = folder / "audio.i16"
        found = path.stat().st_size // (2 * CLIP_SAMPLES)
        if found < n_clips:
            raise ValueError(f"{path} holds {found} clips, {n_clips} are needed: build the corpus")
        # Mapped, not read: on a CPU the corpus may be larger than the memory.
        mapped = torch.from_file(str(path), size=n_clips * CLIP_SAMPLES, dtype=torch.int16)
        self.device = device
        clips = mapped.view(n_clips, CLIP_SAMPLES)
        self.clips = clips.to(device) if resident else clips

    def clip(self, start: int, stop: int) -> Tensor:
        """Whole clips ``[stop - start, n_samples]`` as float32 in -1..1."""
        return self.clips[start:stop].to(self.device).float() / 32768

    def crops(self, count: int, n_samples: int, generator: torch.Generator) -> Tensor:
        """Random stretches ``[count, n_samples]`` at random levels (-9 to +3 dB)."""
        which = torch.randint(self.clips.shape[0], (count, 1), generator=generator)
        starts = torch.randint(CLIP_SAMPLES - n_samples + 1, (count, 1), generator=generator)
        place = self.clips.device
        index = starts.to(place) + torch.arange(n_samples, device=place)
        audio = self.clips[which.to(place), index].to(self.device).float() / 32768
        level_db = torch.rand((count, 1), generator=generator) * 12 - 9
        return audio * (10 ** (level_db / 20)).to(self.device)
