"""What the network learns from: codes, beat features and captions of every clip, ready to crop."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from osc_server.magnet.beat import (
    BARS_PER_CYCLE,
    CAUSAL_COLUMN,
    CYCLES_PER_BAR,
    CYCLES_PER_BEAT,
    beat_features,
)
from osc_server.magnet.spectral_codec import SpectralCodec
from osc_server.rendering.plan import BeatGrid
from osc_server.training import checkpoint
from osc_server.training.corpus.revisions import SHIPPED, caption_of, draw
from osc_server.training.data import AudioBank
from osc_server.training.sizes import CLIP_FRAMES

CAPTIONS_PER_CLIP = 8
FRAME_RATE = 50
_FIRST_PHRASE_COLUMN = 2 * (len(CYCLES_PER_BEAT) + len(CYCLES_PER_BAR))
PHRASE_COLUMNS = {
    n_bars: (
        _FIRST_PHRASE_COLUMN + 2 * i,
        _FIRST_PHRASE_COLUMN + 2 * i + 1,
        CAUSAL_COLUMN - len(BARS_PER_CYCLE) + i,
    )
    for i, n_bars in enumerate(BARS_PER_CYCLE)
}
"""Columns of the beat features that tell the place in a cycle of 2 and of 4 bars."""

CROP_FRAMES = (768, 512, 256)
CROP_WEIGHTS = (0.4, 0.4, 0.2)


@dataclass(frozen=True, slots=True)
class Batch:
    """Crops to learn from: codes ``[B, K, T]``, beat ``[B, T, F]``, and a caption each."""

    codes: Tensor
    beat: Tensor
    captions: list[str]


@torch.inference_mode()
def encode_corpus(codec: SpectralCodec, bank: AudioBank, n_clips: int) -> Iterator[Tensor]:
    """Codes of all clips in blocks ``[n, K, CLIP_FRAMES]`` int16."""
    for start in range(0, n_clips, 32):
        codes = codec.encode(bank.clip(start, min(start + 32, n_clips)))
        yield codes.to("cpu", torch.int16)


class CodeBank:
    """All clips as codes with their musical context, on the training device."""

    def __init__(self, folder: Path, n_clips: int, device: torch.device) -> None:
        saved = checkpoint.load(folder / "codes.pt", torch.device("cpu"))
        if saved is None or saved["codes"].shape[0] < n_clips:
            raise ValueError(f"{folder / 'codes.pt'} is missing or short: encode the corpus first")
        self.codes: Tensor = saved["codes"][:n_clips].to(device)
        lines = (folder / "clips.jsonl").read_text(encoding="utf-8").splitlines()
        rows = [json.loads(line) for line in lines[:n_clips]]
        features = np.stack([_features(row) for row in rows]).astype(np.float16)
        self.beat = torch.from_numpy(features).to(device)
        self.cycles = np.array([row["cycle_bars"] for row in rows])
        specs = [draw(row["seed"], row.get("revision", SHIPPED)) for row in rows]
        self.captions = [[caption_of(spec, n) for n in range(CAPTIONS_PER_CLIP)] for spec in specs]

    def batch(self, tokens_in_clips: int, rng: np.random.Generator) -> Batch:
        """Crops of one length; ``tokens_in_clips`` whole clips' worth of frames."""
        n_frames = int(rng.choice(CROP_FRAMES, p=CROP_WEIGHTS))
        count = tokens_in_clips * CLIP_FRAMES // n_frames
        which = rng.integers(len(self.captions), size=count)
        start = rng.integers(CLIP_FRAMES - n_frames + 1, size=count)
        device = self.codes.device
        rows = torch.from_numpy(which).to(device)[:, None]
        frames = torch.from_numpy(start[:, None] + np.arange(n_frames)).to(device)
        codes = self.codes[rows, :, frames].transpose(1, 2).long()
        beat = self.beat[rows, frames].float()
        self._drop_phrases(beat, which, rng)
        captions = [self.captions[i][int(rng.integers(CAPTIONS_PER_CLIP))] for i in which]
        return Batch(codes, beat, captions)

    def _drop_phrases(self, beat: Tensor, which: np.ndarray, rng: np.random.Generator) -> None:
        """Present each clip as a loop of 4, 2 or 1 bars (those its own cycle divides), or of none.

        So that the network knows every length of loop it will be asked for.
        """
        shown = rng.choice((4, 2, 1), size=len(which), p=(0.6, 0.25, 0.15))
        shown = np.where(shown % self.cycles[which] == 0, shown, 4)
        shown = np.where(rng.random(len(which)) < 0.08, 1, shown)
        for n_bars, columns in PHRASE_COLUMNS.items():
            hidden = torch.from_numpy(shown % n_bars != 0).to(beat.device)
            for column in columns:
                beat[..., column] = torch.where(hidden[:, None], 0, beat[..., column])


def _features(row: dict[str, float]) -> np.ndarray:
    grid = BeatGrid(
        beats_per_frame=row["bpm"] / 60 / FRAME_RATE,
        beats_per_bar=row["beats_per_bar"],
        cycle_bars=4,
    )
    return beat_features(grid, CLIP_FRAMES)
