"""A loop at another tempo: stretched on the circle, always from the audio as it was made."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from daw_bridge.audio.loop import Block, Loop
from osc_server.contract.errors import BadRequest
from osc_server.contract.musical_time import beats_to_samples

MAX_STRETCH = 0.5
"""Share of its tempo by which a loop is stretched at most."""
_NEAR_SECONDS = 0.002
_CONTEXT_SECONDS = 0.5
_SEAM_SECONDS = 0.01


def is_near(loop: Loop, bpm: float) -> bool:
    """Whether a round of the loop is as long as at ``bpm``, to within two milliseconds.

    A measured tempo is never exactly that of the sender: for so little nothing is stretched.
    """
    round_seconds = float(loop.beats) * 60 / loop.bpm
    return abs(loop.bpm / bpm - 1) * round_seconds <= _NEAR_SECONDS


def conform_loop(loop: Loop, bpm: float, rate_hz: int) -> Loop:
    """The same loop at ``bpm``: its pitch stays, its length is exact, its seam stays closed.

    Takes some hundredths of a second for each second of audio: not for the event loop.

    Args:
        loop: as it was made, never one that was stretched before.
        bpm: the tempo that it shall have.
        rate_hz: of the loop.

    Raises:
        BadRequest: where the tempos are too far apart to be stretched.
    """
    if bpm == loop.bpm:
        return loop
    if abs(bpm / loop.bpm - 1) > MAX_STRETCH:
        raise BadRequest(
            f"{loop.name} was made at {loop.bpm:g} BPM, too far from {bpm:g} to be stretched: "
            "generate it again"
        )
    n_samples = beats_to_samples(loop.beats, bpm, rate_hz)
    return replace(loop, samples=_stretch_circle(loop.samples, n_samples, rate_hz), bpm=bpm)


def _stretch_circle(samples: Block, n_samples: int, rate_hz: int) -> Block:
    """Stretch with the loop's own tail and head around it, and let the end run into the start."""
    from python_stretch import Signalsmith  # rarely needed

    if n_samples == len(samples):
        return samples
    around = min(len(samples), round(_CONTEXT_SECONDS * rate_hz))
    silence = np.zeros((round(0.2 * rate_hz), samples.shape[1]), np.float32)
    padded = np.concatenate([samples[-around:], samples, samples[:around], silence])
    stretcher = Signalsmith.Stretch()
    stretcher.preset(samples.shape[1], float(rate_hz))
    stretcher.timeFactor = len(samples) / n_samples
    stretched = np.asarray(stretcher.process(np.ascontiguousarray(padded.T)), np.float32).T
    first = round(around * n_samples / len(samples))
    result = np.zeros((n_samples, samples.shape[1]), np.float32)
    part = stretched[first : first + n_samples]
    result[: len(part)] = part
    n_seam = min(first, n_samples, round(_SEAM_SECONDS * rate_hz))
    fade = np.linspace(0, 1, n_seam, dtype=np.float32)[:, None]
    before = stretched[first - n_seam : first]
    result[-n_seam:] = result[-n_seam:] * (1 - fade) + before * fade
    return result
