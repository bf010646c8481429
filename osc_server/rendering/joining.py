"""Joining made audio to given audio without a click, and without touching a given sample.

Where the made part begins, the given audio is carried on by linear prediction (Burg's method, as
used for closing gaps: Kauppinen and Roth, DAFx 2002) and its difference to the made audio is faded
out: the waveform runs on smoothly, and an attack on the first sample keeps its full strength.
Where the made part ends, it is crossfaded at equal power into what is given there.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter, lfiltic

from osc_server.rendering.plan import Audio

FADE_SECONDS = 0.010
_ORDER = 96
_HEARD_SECONDS = 0.08  # of the past, from which its future is predicted

Signal = NDArray[np.float64]  # [n_samples]


def join_after(past: Audio, made_past: Audio, made: Audio, rate_hz: int) -> Audio:
    """The made audio, bent at its beginning so that it goes on where the given audio ends.

    Args:
        past: ``[n_past, n_channels]``: the given audio, up to its last sample.
        made_past: ``[n_past, n_channels]``: what the model has in its place.
        made: ``[n_samples, n_channels]``: what the model has after it.
        rate_hz: their rate.

    Returns:
        ``[n_samples, n_channels]``; the same as ``made`` after the first 10 ms.
    """
    fade = min(round(FADE_SECONDS * rate_hz), len(made) // 4)
    heard = min(len(past), round(_HEARD_SECONDS * rate_hz))
    if not fade or not heard:
        return made
    difference = (past[-heard:].astype(np.float64)) - made_past[-heard:]
    weight = 0.5 + 0.5 * np.cos(np.pi * (np.arange(fade) + 0.5) / fade)
    joined = made.copy()
    for channel in range(made.shape[1]):
        joined[:fade, channel] += predict(difference[:, channel], fade) * weight
    return joined


def join_before(made: Audio, given: Audio, rate_hz: int) -> Audio:
    """The made audio, crossfaded at its end into the given audio of the same place.

    Args:
        made: ``[n_samples, n_channels]``.
        given: as many samples at least at its end, ``[n_given, n_channels]``.
        rate_hz: their rate.
    """
    fade = min(round(FADE_SECONDS * rate_hz), len(made) // 4, len(given))
    if not fade:
        return made
    angle = (np.pi / 2 * (np.arange(fade) + 0.5) / fade)[:, None]
    joined = made.copy()
    joined[-fade:] = made[-fade:] * np.cos(angle) + given[-fade:] * np.sin(angle)
    return joined


def predict(past: Signal, n_samples: int) -> Signal:
    """What ``past`` would be if it went on as it is: its linear prediction, which dies away."""
    if not np.any(past):
        return np.zeros(n_samples)
    order = min(_ORDER, len(past) // 3)
    polynomial = _burg(past, order)
    state = lfiltic([1.0], polynomial, past[::-1][:order])
    future, _ = lfilter([1.0], polynomial, np.zeros(n_samples), zi=state)
    # The prediction is stable, but rounding of a nearly pure tone must not let it grow.
    return np.asarray(np.clip(future, -1.5 * np.abs(past).max(), 1.5 * np.abs(past).max()))


def _burg(signal: Signal, order: int) -> Signal:
    """Coefficients of the prediction error filter, ``[order + 1]`` with a leading 1 (Burg 1975)."""
    forward, backward = signal[1:].copy(), signal[:-1].copy()
    polynomial = np.ones(1)
    for _ in range(order):
        power = float(forward @ forward + backward @ backward)
        if power <= 1e-18:
            break
        reflection = -2.0 * float(forward @ backward) / power
        padded = np.append(polynomial, 0.0)
        polynomial = padded + reflection * padded[::-1]
        forward, backward = (
            (forward + reflection * backward)[1:],
            (backward + reflection * forward)[:-1],
        )
    return polynomial
