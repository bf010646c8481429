"""Stereo around a mono model: what it hears of a stereo source, and where its answer is placed."""

from __future__ import annotations

import numpy as np

from osc_server.rendering.plan import Audio

_LEAST_SHARE = 0.1  # of a source's energy that must survive its sum


def to_mono(audio: Audio) -> Audio:
    """``[n, 1]``: the mean of the channels, or the louder one where they cancel each other."""
    if audio.shape[1] == 1:
        return audio
    mean = np.asarray(audio.mean(axis=1, keepdims=True, dtype=np.float32))
    powers = np.square(audio, dtype=np.float64).mean(axis=0)
    if float(np.square(mean, dtype=np.float64).mean()) >= _LEAST_SHARE * powers.mean():
        return mean
    return np.asarray(audio[:, [int(powers.argmax())]])


def place(mono: Audio, like: Audio) -> Audio:
    """Mono audio on the channels of ``like``, panned as it is.

    Each channel gets the share of the mono sum that it has in ``like`` (least squares), so that
    what was left stays left; width that no mono signal can carry is gone.

    Args:
        mono: ``[n, 1]``.
        like: ``[m, n_channels]``, whose place is taken.
    """
    if like.shape[1] == 1:
        return mono
    heard = to_mono(like)[:, 0].astype(np.float64)
    power = float(heard @ heard)
    if power <= 0:
        return np.repeat(mono, like.shape[1], axis=1)
    shares = (heard @ like.astype(np.float64)) / power
    return np.asarray(mono * shares[None, :], np.float32)
