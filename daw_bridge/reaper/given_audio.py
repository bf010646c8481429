"""The part of an audio file that an item shows, as a WAV that the server may read."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import soundfile

from daw_bridge.client.clip_result import Audio
from daw_bridge.delivery.folder_sink import whole_file
from daw_bridge.reaper.orders import Cut
from osc_server.contract.errors import BadRequest

MAX_SECONDS = 600.0
FOLDER = "given"
"""Under the clips folder, which the server may read."""


def save_cut(cut: Cut, clips: Path) -> Path:
    """Write the part that is heard to a WAV of its own; the same part gets the same name.

    It stays: a clip's sidecar names what the clip was made from.

    Raises:
        BadRequest: where the file is offline, cannot be read, or the part is empty or too long.
        StorageFailed: where the copy cannot be written.
    """
    samples, rate_hz = _read(cut)
    digest = hashlib.sha256(samples.tobytes() + str(rate_hz).encode()).hexdigest()[:16]
    path = clips / FOLDER / f"{digest}.wav"
    if not path.exists():
        with whole_file(path) as temporary:
            soundfile.write(temporary, samples, rate_hz, subtype="FLOAT", format="WAV")
    return path


def _read(cut: Cut) -> tuple[Audio, int]:
    if not cut.path.is_file():
        raise BadRequest(f"the item's media is offline or was moved: {cut.path}")
    if not 0 < cut.seconds <= MAX_SECONDS:
        raise BadRequest(
            f"the item is {cut.seconds:.4g} s long; a clip can start from at most "
            f"{MAX_SECONDS:g} s: split the item first"
        )
    try:
        with soundfile.SoundFile(cut.path) as file:
            first = round(cut.from_seconds * file.samplerate)
            n_samples = round(cut.seconds * file.samplerate)
            if file.frames == 0:
                raise BadRequest(f"{cut.path.name} is empty: it holds no sample")
            whole = file.read(dtype="float32", always_2d=True)
            indices = np.arange(first, first + n_samples) % len(whole)
            return whole[indices], int(file.samplerate)
    except (OSError, soundfile.LibsndfileError) as error:
        raise BadRequest(
            f"{cut.path.name} cannot be read as audio ({error}): glue the item, which renders it "
            "to a WAV"
        ) from error
