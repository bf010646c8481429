"""What the server made: from its reply, and from the sidecar that lies beside each clip."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .osc import OscValue


@dataclass(frozen=True)
class Made:
    """A finished clip.

    Attributes:
        clip: the server's id of it.
        path: of its WAV.
        seconds: how long it is.
        bars: the same in bars.
        bpm: its tempo.
        bpm_measured: 0 where no beat was found in it.
        seed: that made it.
        prompt: its words; empty where they are not known.
        key: its key; empty for none.
        loop: whether its seam is closed.
    """

    clip: str
    path: str
    seconds: float
    bars: float
    bpm: float
    bpm_measured: float
    seed: int
    prompt: str = ""
    key: str = ""
    loop: bool = True


def from_ready(args: Sequence[OscValue]) -> Made:
    """The clip of ``/magnet/ready``.

    Raises:
        ValueError: for a reply that is none.
    """
    try:
        clip, path, seconds, bars, bpm, measured, _seam, _lufs, seed = args[1:10]
        return Made(
            str(clip),
            str(path),
            seconds=float(seconds),  # type: ignore[arg-type]
            bars=float(bars),  # type: ignore[arg-type]
            bpm=float(bpm),  # type: ignore[arg-type]
            bpm_measured=float(measured),  # type: ignore[arg-type]
            seed=int(seed),  # type: ignore[arg-type]
        )
    except (TypeError, ValueError) as error:
        raise ValueError(f"the server sent a ready that cannot be read: {error}") from error


def from_take(args: Sequence[OscValue], ready: Made) -> Made:
    """The clip of ``/magnet/take``, which is as long as the best one.

    Raises:
        ValueError: for a reply that is none.
    """
    try:
        _rank, _count, clip, path, _score, measured, _seam, _confidence, seed = args[1:10]
        return replace(
            ready,
            clip=str(clip),
            path=str(path),
            bpm_measured=float(measured),  # type: ignore[arg-type]
            seed=int(seed),  # type: ignore[arg-type]
        )
    except (TypeError, ValueError) as error:
        raise ValueError(f"the server sent a take that cannot be read: {error}") from error


def sidecar(path: str) -> Path:
    """The file beside a WAV that says how it was made, whether it is there or not."""
    return Path(path).with_suffix(".json")


def enriched(made: Made) -> Made:
    """The same with what its sidecar knows better: words, key, exact length; as it is if none."""
    try:
        kept: dict[str, Any] = json.loads(sidecar(made.path).read_text("utf-8"))
        request, measured = kept["request"], kept["measured"]
        return replace(
            made,
            prompt=str(request["prompt"] or kept["model_prompt"]),
            key=str(request["key"] or ""),
            loop=bool(request["loop"]),
            seconds=float(measured["seconds"]),
            bars=float(measured["bars"]),
            bpm=float(measured["bpm"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return made
