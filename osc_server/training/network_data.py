"""What the network learns from: codes, beat features and captions of every clip, ready to crop."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
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
from osc_server.training.corpus.spec import ClipSpec
from osc_server.training.data import AudioBank
from osc_server.training.sizes import CLIP_FRAMES

CAPTIONS_PER_CLIP = 8
BLOCK_CLIPS = 32
"""Encoded at once."""
SAVE_BLOCKS = 15
"""After so many, what is encoded is kept."""
MORE_TIMES = 4
OnClips = Callable[[int], None]
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
def encode_corpus(
    codec: SpectralCodec, bank: AudioBank, n_clips: int, folder: Path, on_clips: OnClips
) -> None:
    """Encode the first clips into ``codes.pt``, ``[n_clips, K, CLIP_FRAMES]`` int16.

    What was done is kept now and then, and gone on from.

    Args:
        codec: in eval mode, on the bank's device.
        bank: the corpus.
        n_clips: how many of its clips.
        folder: where the codes are kept.
        on_clips: told how many clips are done.
    """
    unfinished = folder / "codes.part.pt"
    saved = checkpoint.load(unfinished, torch.device("cpu"))
    blocks: list[Tensor] = [] if saved is None else [saved["codes"][:n_clips]]
    done = sum(map(len, blocks))
    while done < n_clips:
        codes = codec.encode(bank.clip(done, min(done + BLOCK_CLIPS, n_clips)))
        blocks.append(codes.to("cpu", torch.int16))
        done += len(codes)
        on_clips(done)
        if len(blocks) > SAVE_BLOCKS:
            blocks = [torch.cat(blocks)]
            checkpoint.save(unfinished, {"codes": blocks[0]})
    checkpoint.save(folder / "codes.pt", {"codes": torch.cat(blocks)})
    unfinished.unlink(missing_ok=True)


class CodeBank:
    """All clips as codes with their musical context, on the training device."""

    def __init__(
        self,
        folder: Path,
        n_clips: int,
        device: torch.device,
        balance: float = 0.0,
        more: Collection[str] = (),
    ) -> None:
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
        self._shares = shares(specs, balance, more) if balance or more else None

    def batch(self, tokens_in_clips: int, rng: np.random.Generator) -> Batch:
        """Crops of one length; ``tokens_in_clips`` whole clips' worth of frames."""
        n_frames = int(rng.choice(CROP_FRAMES, p=CROP_WEIGHTS))
        count = tokens_in_clips * CLIP_FRAMES // n_frames
        if self._shares is None:
            which = rng.integers(len(self.captions), size=count)
        else:
            which = rng.choice(len(self.captions), size=count, p=self._shares)
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


def shares(
    specs: Sequence[ClipSpec], balance: float, more: Collection[str] = ()
) -> NDArray[np.float64]:
    """How often each clip is drawn, ``[n]``, sum 1; see ``Size``.

    Raises:
        ValueError: no clip has a sound of ``more``.
    """
    kinds = [_kind_of_sound(spec) for spec in specs]
    sounds = {kind[1] for kind in kinds if len(kind) > 1}
    if unknown := sorted(set(more) - sounds):
        raise ValueError(f"no clip of {', '.join(unknown)}; there are: {', '.join(sorted(sounds))}")
    counts = Counter(kinds)
    weights = np.array([counts[kind] ** -balance for kind in kinds])
    wanted = [len(kind) > 1 and kind[1] in more for kind in kinds]
    weights[wanted] *= MORE_TIMES
    return np.asarray(weights / weights.sum())


def _kind_of_sound(spec: ClipSpec) -> tuple[str, ...]:
    """The kind, and the instrument, rhythm or effect; of mixes, of which parts they are."""
    part = spec.parts[0]
    if len(spec.parts) > 1:
        return (" ".join(each.kind for each in spec.parts),)
    return part.kind, part.style if part.kind == "drums" else part.sound


def _features(row: dict[str, float]) -> np.ndarray:
    grid = BeatGrid(
        beats_per_frame=row["bpm"] / 60 / FRAME_RATE,
        beats_per_bar=row["beats_per_bar"],
        cycle_bars=4,
    )
    return beat_features(grid, CLIP_FRAMES)
