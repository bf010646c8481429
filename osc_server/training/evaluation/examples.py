"""A few generated loops beside the report, small enough for a repository."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from osc_server.training.evaluation.measures import Record
from osc_server.training.evaluation.specimen import Specimen

_PEAK = 0.89  # -1 dBFS


def write_examples(specimens: Sequence[Specimen], folder: Path) -> list[Record]:
    """Write each loop as OGG Vorbis, or as 16-bit WAV where soundfile is not installed.

    Files are called by kind and number, so that a new report replaces what an old one wrote.

    Returns:
        A record with ``file`` and ``caption`` for each, in order.
    """
    records = []
    numbers: Counter[str] = Counter()
    for specimen in specimens:
        numbers[specimen.kind] += 1
        name = write_loop(specimen, folder, f"{specimen.kind}-{numbers[specimen.kind]}")
        bars = "1 bar" if specimen.n_bars == 1 else f"{specimen.n_bars} bars"
        caption = f"{specimen.prompt} ({specimen.bpm:g} bpm, {bars})"
        records.append({"file": name, "caption": caption})
    return records


def write_loop(specimen: Specimen, folder: Path, stem: str) -> str:
    """Write a loop likewise, its peak at -1 dBFS; the name of the file."""
    suffix, other = (".ogg", ".wav") if _has_soundfile() else (".wav", ".ogg")
    (folder / (stem + other)).unlink(missing_ok=True)
    peak = float(np.max(np.abs(specimen.audio), initial=0.0))
    audio = (specimen.audio * (_PEAK / max(peak, 1e-6))).astype(np.float32)
    _write(folder / (stem + suffix), audio, specimen.rate_hz)
    return stem + suffix


def _has_soundfile() -> bool:
    try:
        import soundfile  # noqa: F401
    except (ImportError, OSError):  # OSError: the package without its library
        return False
    return True


def _write(path: Path, audio: np.ndarray, rate_hz: int) -> None:
    partial = path.with_name(f".{path.name}.partial")
    if path.suffix == ".ogg":
        import soundfile

        soundfile.write(partial, audio, rate_hz, format="OGG", subtype="VORBIS")
    else:
        from scipy.io import wavfile

        wavfile.write(partial, rate_hz, np.round(audio * 32767.0).astype(np.int16))
    partial.replace(path)
