"""The control for separate notes: the same spectrum, its attacks and changes smeared out."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import istft, stft

from osc_server.training.evaluation.spectra import Floats

_N_FFT = 2048
_SPREAD_SECONDS = 0.35


def smear(audio: Floats, rate_hz: int, seed: int) -> Floats:
    """``[n_samples]`` with magnitudes averaged over a third of a second and random phases.

    It keeps timbre, register and level, and sounds as a model does that has not learned notes.
    """
    rng = np.random.default_rng(seed)
    _, _, spectrum = stft(audio, rate_hz, nperseg=_N_FFT, noverlap=_N_FFT * 3 // 4)
    frames_per_second = rate_hz / (_N_FFT // 4)
    spread = _SPREAD_SECONDS * frames_per_second
    power = gaussian_filter1d(np.abs(spectrum) ** 2, spread, axis=1, mode="wrap")
    phases = np.exp(2j * np.pi * rng.random(power.shape))
    _, out = istft(np.sqrt(power) * phases, rate_hz, nperseg=_N_FFT, noverlap=_N_FFT * 3 // 4)
    out = np.pad(out, (0, max(0, len(audio) - len(out))))[: len(audio)]
    # Random phases cancel where frames overlap.
    level = np.sqrt(np.mean(np.square(audio, dtype=np.float64)) / max(np.mean(out**2), 1e-12))
    return np.asarray(out * level, dtype=np.float32)
