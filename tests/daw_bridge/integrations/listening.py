"""What a recording of loops is compared with: the clip itself, sample by sample."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import soundfile
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Channel = NDArray[np.float32]  # [n_samples]

EXACT = 1e-6
_TEMPLATE = 2048


def read_clip(path: str) -> Channel:
    """The left channel of a clip."""
    samples, _ = soundfile.read(path, dtype="float32", always_2d=True)
    return np.ascontiguousarray(samples[:, 0])


def first_sound(heard: Channel) -> int:
    """Index of the first sample that is not silence."""
    return int(np.flatnonzero(np.abs(heard) > EXACT)[0])


def find(clip: Channel, heard: Channel, begin: int, end: int) -> int:
    """Where in ``begin..end`` the clip's beginning lies best."""
    template = clip[:_TEMPLATE]
    windows = sliding_window_view(heard[begin : end + _TEMPLATE], _TEMPLATE)
    errors = [
        np.square(windows[i : i + 1024] - template).sum(axis=1)
        for i in range(0, len(windows), 1024)
    ]
    return begin + int(np.concatenate(errors).argmin())


def samples_alike(clip: Channel, heard: Channel, begin: int, *, skip: int = 0) -> int:
    """How many samples from ``begin`` on equal the clip repeated without end.

    The first ``skip`` of them are counted without a look: a fade runs there.
    """
    looped = np.resize(clip, len(heard) - begin)
    different = skip + np.flatnonzero(np.abs(heard[begin:] - looped)[skip:] > EXACT)
    return int(different[0]) if len(different) else len(looped)


def largest_step(samples: Channel) -> float:
    """The largest difference between neighbouring samples: what a click would raise."""
    return float(np.abs(np.diff(samples)).max())


def largest_step_of_loop(clip: Channel) -> float:
    """The same of a loop, over its seam too."""
    return largest_step(np.append(clip, clip[0]))


def seconds_between_clicks(heard: Channel, rate_hz: int) -> list[float]:
    """Distances between the tone engine's clicks, which rise out of a quieter sine."""
    loud = np.flatnonzero(np.abs(heard) > 0.7 * np.abs(heard).max())
    begins = loud[np.insert(np.diff(loud) > rate_hz // 10, 0, True)]
    return [float(b - a) / rate_hz for a, b in pairwise(begins)]
