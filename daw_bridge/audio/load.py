"""From a WAV file to a loop at the deck's rate and channels."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import soundfile

from daw_bridge.audio.loop import Block, Loop
from osc_server.contract.errors import StorageFailed
from osc_server.contract.musical_time import beats_to_samples


def load_loop(path: Path, beats: Fraction, bpm: float, rate_hz: int, n_channels: int) -> Loop:
    """Read a loop for a deck.

    Args:
        path: a WAV file, or any that libsndfile reads.
        beats: its length in quarter notes.
        bpm: the tempo that it was made for.
        rate_hz: the deck's rate. A file at another rate is resampled on the circle, so that its
            seam stays closed, to exactly the samples that its beats last.
        n_channels: the deck's channels; mono goes to all of them, more are mixed down to one.

    Raises:
        StorageFailed: where the file cannot be read.
    """
    try:
        samples, file_rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, soundfile.LibsndfileError) as error:
        raise StorageFailed(f"{path} cannot be read as audio: {error}") from error
    return make_loop(path.stem, samples, file_rate_hz, beats, bpm, rate_hz, n_channels)


def make_loop(  # noqa: PLR0913  # the six facts that place audio in time
    name: str,
    samples: Block,
    samples_rate_hz: int,
    beats: Fraction,
    bpm: float,
    rate_hz: int,
    n_channels: int,
) -> Loop:
    """The same from samples ``[n_samples, n_channels]`` in memory."""
    if samples_rate_hz != rate_hz:
        samples = fit_circle(samples, beats_to_samples(beats, bpm, rate_hz))
    if samples.shape[1] != n_channels:
        mono = samples.mean(axis=1, keepdims=True, dtype=np.float32)
        samples = np.repeat(mono, n_channels, axis=1)
    return Loop(name, np.ascontiguousarray(samples, np.float32), beats, bpm)


def fit_circle(samples: Block, n_samples: int) -> Block:
    """The same round of audio in another number of samples, its seam as closed as it was."""
    from scipy.signal import resample  # half a second to import, and rarely needed

    return np.asarray(resample(samples, n_samples, axis=0), np.float32)
