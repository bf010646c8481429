"""Band-limited sources: scanned wavetables, FM operators, noise, and envelopes.

Everything harmonic is one idea: a bank of single-cycle tables, each made from harmonic amplitudes
below Nyquist (so nothing aliases), and a position that moves through the bank. Moving through
filter responses is a filter envelope; moving through decayed spectra is a plucked string.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

RATE = 32_000
"""Samples a second of the whole corpus."""

TABLE_SIZE = 8192
_TOP_HZ = 14_500.0

Audio = npt.NDArray[np.float32]
Spectrum = npt.NDArray[np.float64]


def samples(seconds: float) -> int:
    """Samples in ``seconds``, at least 1."""
    return max(1, round(seconds * RATE))


def seconds_axis(n_samples: int) -> Audio:
    """Time of each sample in seconds, ``[n_samples]``."""
    return np.arange(n_samples, dtype=np.float32) / np.float32(RATE)


def harmonics(f0: float, shape: str) -> Spectrum:
    """Amplitudes of the harmonics 1.. of ``f0`` below 14.5 kHz for a named wave, ``[n]``.

    Raises:
        ValueError: the shape isn't saw, square, triangle, sine, organ, hollow, pulse or vocal.
    """
    count = int(np.clip(_TOP_HZ / f0, 1, 160))
    k = np.arange(1, count + 1, dtype=np.float64)
    odd = k % 2 == 1
    if shape == "saw":
        return 1.0 / k
    if shape == "square":
        return np.where(odd, 1.3 / k, 0.0)
    if shape == "pulse":
        return np.abs(np.sin(np.pi * k * 0.18)) * 1.6 / k
    if shape == "triangle":
        return np.where(odd, 1.4 / k**2, 0.0)
    if shape == "sine":
        return np.where(k == 1, 1.0, 0.0)
    if shape == "hollow":
        return np.where(odd, 1.0 / k**1.5, 0.12 / k)
    if shape == "organ":
        drawbars = {1: 1.0, 2: 0.8, 3: 0.55, 4: 0.45, 6: 0.25, 8: 0.3, 10: 0.06, 12: 0.08}
        return np.array([drawbars.get(int(n), 0.0) for n in k])
    if shape == "vocal":
        hz = k * f0
        formants = sum(
            gain * np.exp(-(((hz - centre) / width) ** 2))
            for centre, width, gain in ((650, 220, 1.0), (1080, 260, 0.6), (2600, 500, 0.25))
        )
        return np.asarray((formants + 0.08) / k**0.5)
    raise ValueError(f"no wave is called {shape!r}")


def low_pass_response(f0: float, count: int, cutoff: float, resonance: float) -> Spectrum:
    """Magnitude of a resonant four-pole low-pass at the harmonics of ``f0``, ``[count]``."""
    x = np.arange(1, count + 1, dtype=np.float64) * f0 / cutoff
    q = 0.7 + 9.0 * resonance
    two_pole = 1.0 / np.sqrt((1.0 - x**2) ** 2 + (x / q) ** 2)
    return np.asarray(two_pole / np.sqrt(1.0 + x**2))


def bank(spectra: Spectrum, rng: np.random.Generator | None = None) -> Audio:
    """Tables of one cycle from harmonic amplitudes ``[n_tables, n]``: ``[n_tables, 8192]``.

    Phases are those of a saw (all sines) or, with ``rng``, drawn at random.
    """
    spectra = np.atleast_2d(spectra)
    bins = np.zeros((spectra.shape[0], TABLE_SIZE // 2 + 1), dtype=np.complex64)
    phases: complex | npt.NDArray[np.complex128] = -1j
    if rng is not None:
        phases = np.exp(2j * np.pi * rng.random(spectra.shape[1]))
    bins[:, 1 : spectra.shape[1] + 1] = spectra * phases * (TABLE_SIZE / 2)
    return np.asarray(np.fft.irfft(bins, axis=1), dtype=np.float32)


def phase_of(frequency: float | Audio, n_samples: int, start: float = 0.0) -> npt.NDArray[np.int32]:
    """Table indices ``[n_samples]`` of an oscillator at ``frequency`` Hz (steady or per sample)."""
    if isinstance(frequency, np.ndarray):
        cycles = np.cumsum(frequency, dtype=np.float64) / RATE + start
    else:
        cycles = np.arange(n_samples, dtype=np.float64) * (frequency / RATE) + start
    return np.asarray((cycles * TABLE_SIZE).astype(np.int64) & (TABLE_SIZE - 1), dtype=np.int32)


def scan(tables: Audio, position: Audio | float, index: npt.NDArray[np.int32]) -> Audio:
    """Read ``tables`` at ``index`` while ``position`` (0..n_tables-1) moves through the bank."""
    n_tables = tables.shape[0]
    if n_tables == 1:
        return np.asarray(tables[0][index])
    place = np.clip(np.broadcast_to(np.float32(position), index.shape), 0, n_tables - 1.001)
    low = place.astype(np.int32)
    blend = (place - low).astype(np.float32)
    flat = tables.reshape(-1)
    at = low * TABLE_SIZE + index
    here = flat[at]
    return np.asarray(here + blend * (flat[at + TABLE_SIZE] - here))


def sine(frequency: float | Audio, n_samples: int, start: float = 0.0) -> Audio:
    """A sine at ``frequency`` Hz, steady or per sample, ``[n_samples]``."""
    if isinstance(frequency, np.ndarray):
        cycles = np.cumsum(frequency, dtype=np.float64) / RATE + start
    else:
        cycles = np.arange(n_samples, dtype=np.float64) * (frequency / RATE) + start
    return np.asarray(np.sin((2 * np.pi * (cycles % 1.0)).astype(np.float32)))


def modulated(frequency: float, modulation: Audio, start: float = 0.0) -> Audio:
    """A sine at ``frequency`` Hz whose phase is moved by ``modulation`` radians."""
    cycles = np.arange(modulation.shape[0], dtype=np.float64) * (frequency / RATE) + start
    return np.asarray(np.sin((2 * np.pi * (cycles % 1.0)).astype(np.float32) + modulation))


def noise(rng: np.random.Generator, n_samples: int) -> Audio:
    """White noise of unit variance, ``[n_samples]``."""
    return rng.standard_normal(n_samples, dtype=np.float32)


def decay(n_samples: int, seconds: float) -> Audio:
    """An exponential that falls by 60 dB in ``seconds``, ``[n_samples]``."""
    return np.asarray(np.exp(seconds_axis(n_samples) * np.float32(-6.9078 / max(seconds, 1e-3))))


def adsr(gate: float, attack: float, fall: float, sustain: float, release: float) -> Audio:
    """An envelope held for ``gate`` seconds, then released: ``[samples(gate + release)]``."""
    n = samples(gate + release)
    t = seconds_axis(n)
    attack = max(attack, 0.002)
    body = sustain + (1.0 - sustain) * np.exp(
        -np.maximum(t - attack, 0.0) * (4.0 / max(fall, 0.01))
    )
    shape = np.minimum(t / attack, 1.0) * body
    held = min(samples(gate), n)
    if held < n:
        tail = np.linspace(1.0, 0.0, n - held, dtype=np.float32)
        shape[held:] = shape[held - 1] * tail**2
    return np.asarray(shape, dtype=np.float32)


def declick(sound: Audio, seconds: float = 0.004) -> Audio:
    """Fade the last ``seconds`` of ``sound`` to zero, in place; returns it."""
    n = min(samples(seconds), sound.shape[0])
    sound[-n:] *= np.linspace(1.0, 0.0, n, dtype=np.float32)
    return sound
