"""Generated loops beside the report, with their pictures and what was measured and seen of them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from osc_server.training.evaluation.classifier import Classifier
from osc_server.training.evaluation.measures import Bands, Record
from osc_server.training.evaluation.pictures import save, strip
from osc_server.training.evaluation.specimen import Specimen
from osc_server.training.evaluation.verdict import findings, judge

FOLDER = "examples"
REMARKS = "remarks.toml"
_PEAK = 0.89  # -1 dBFS


@dataclass(frozen=True, slots=True)
class Judges:
    """What hears: trained on corpus clips alone."""

    kinds: Classifier
    families: Classifier


def first_of_each_family(specimens: Sequence[Specimen]) -> list[Specimen]:
    """The first loop of each family: nobody chose it."""
    first: dict[str, Specimen] = {}
    for specimen in specimens:
        first.setdefault(specimen.family, specimen)
    return list(first.values())


def write_examples(
    specimens: Sequence[Specimen], judges: Judges, bands: Bands, out: Path
) -> list[Record]:
    """Write each loop as OGG Vorbis (16-bit WAV without soundfile) and its spectrogram.

    Files are called by family, so that a new report replaces what an old one wrote.

    Returns:
        A record with ``family``, ``file``, ``picture``, ``caption`` and ``found`` of each.
    """
    folder = out / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    records = []
    for specimen in specimens:
        stem = specimen.family.replace(" ", "-")
        name = write_loop(specimen, folder, stem)
        save(strip(specimen), folder / f"{stem}.png")
        bars = "1 bar" if specimen.n_bars == 1 else f"{specimen.n_bars} bars"
        records.append(
            {
                "family": specimen.family,
                "file": f"{FOLDER}/{name}",
                "picture": f"{FOLDER}/{stem}.png",
                "caption": f"{specimen.prompt} ({specimen.bpm:g} bpm, {bars})",
                "found": _found(specimen, judges, bands),
            }
        )
    return records


def _found(specimen: Specimen, judges: Judges, bands: Bands) -> str:
    """What was measured, the bad first: the family, then as of presets."""
    heard = judges.families.label(specimen.audio, specimen.rate_hz)
    is_right = heard == specimen.family
    family = f"heard as {heard}" if is_right else f"**heard as {heard}**"
    others = findings(specimen.kind, judge(specimen, judges.kinds, bands))
    return f"{family}; {others}"


def read_remarks(out: Path, weights_hash: str) -> Mapping[str, str]:
    """What somebody saw in the pictures, by family; none where it was said of other weights."""
    path = out / REMARKS
    if not path.exists():
        return {}
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    seen: dict[str, str] = content["seen"]
    return seen if weights_hash.startswith(content["weights"]) else {}


def write_loop(specimen: Specimen, folder: Path, stem: str) -> str:
    """Write a loop, its peak at -1 dBFS; the name of the file."""
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
