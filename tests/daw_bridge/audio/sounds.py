"""Loops whose sound tells where it was read from."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from daw_bridge.audio.loop import Block, Loop
from osc_server.contract.musical_time import beats_to_samples

RATE_HZ = 48000


def ramp(name="ramp", beats=4, bpm=120.0, n_channels=2, rate_hz=RATE_HZ):
    """Sample i of the loop has the value i / n_samples: what is heard tells its position."""
    n_samples = beats_to_samples(Fraction(beats), bpm, rate_hz)
    values = (np.arange(n_samples) / n_samples).astype(np.float32)
    return Loop(name, np.repeat(values[:, None], n_channels, axis=1), Fraction(beats), bpm)


def constant(value, name="constant", beats=4, bpm=120.0, n_channels=2):
    """The same value everywhere."""
    n_samples = beats_to_samples(Fraction(beats), bpm, RATE_HZ)
    return Loop(name, np.full((n_samples, n_channels), value, np.float32), Fraction(beats), bpm)


def sine(cycles, name="sine", beats=4, bpm=120.0, n_channels=2):
    """A sine of whole cycles at half level, so that its seam is closed."""
    n_samples = beats_to_samples(Fraction(beats), bpm, RATE_HZ)
    wave = 0.5 * np.sin(2 * np.pi * cycles * np.arange(n_samples) / n_samples)
    samples = np.repeat(wave.astype(np.float32)[:, None], n_channels, axis=1)
    return Loop(name, samples, Fraction(beats), bpm)


def noise(seed, name="noise", beats=4, bpm=120.0, n_channels=2):
    """White noise: nothing in it is like anything else."""
    n_samples = beats_to_samples(Fraction(beats), bpm, RATE_HZ)
    samples = np.random.default_rng(seed).normal(0, 0.2, (n_samples, n_channels))
    return Loop(name, samples.astype(np.float32), Fraction(beats), bpm)


def rms(audio: Block) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(np.square(audio, dtype=np.float64))))
