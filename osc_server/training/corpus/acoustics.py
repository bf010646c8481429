"""Voices after played instruments: strings, keys, mallets, a flute.

Each renders one note of ``hz`` held for ``gate`` seconds in the colours of ``part``.
"""

from __future__ import annotations

import numpy as np

from osc_server.training.corpus.effects import filtered
from osc_server.training.corpus.oscillators import (
    Audio,
    adsr,
    bank,
    decay,
    harmonics,
    low_pass_response,
    modulated,
    noise,
    phase_of,
    samples,
    scan,
    seconds_axis,
    sine,
)
from osc_server.training.corpus.spec import PartSpec

_STEPS = 10


def _plucked(
    hz: float,
    gate: float,
    part: PartSpec,
    rng: np.random.Generator,
    string: tuple[float, float, float],
) -> Audio:
    """A string (Karplus-Strong in its spectral form): each harmonic decays at its own rate.

    ``string``: where it is plucked (share of its length), seconds it rings, how fast its harmonics
    fall (exponent).
    """
    pick, ring, body = string
    ringing = ring * 2.0 ** (2.2 * (part.length - 0.5)) * min(1.6, (220.0 / hz) ** 0.35)
    release = 0.07
    n = samples(min(gate, ringing * 1.2) + release)
    count = int(np.clip(13_000.0 / hz, 2, 90))
    k = np.arange(1, count + 1, dtype=np.float64)
    spectrum = (
        np.abs(np.sin(np.pi * k * pick))
        / k**body
        * np.exp(-k * hz / (1500.0 + 6500.0 * part.bright))
    )
    falls = (6.9 / ringing) * (1.0 + (k * hz / 900.0) ** 1.1 * 0.5)
    seconds = np.concatenate([[0.0], np.geomspace(0.01, max(n / 32_000, 0.05), _STEPS + 2)])
    tables = bank(spectrum * np.exp(-falls * seconds[:, None]), rng)
    t = seconds_axis(n)
    position = np.interp(t, seconds, np.arange(len(seconds))).astype(np.float32)
    sound = scan(tables, position, phase_of(hz, n))
    attack = min(samples(0.003), n)
    sound[:attack] *= np.linspace(0, 1, attack, dtype=np.float32)
    tail = min(samples(release), n)
    sound[-tail:] *= np.linspace(1, 0, tail, dtype=np.float32)
    return np.asarray(sound / np.float32(np.max(np.abs(sound)) + 1e-9))


def picked(hz: float, gate: float, accent: bool, part: PartSpec, rng: np.random.Generator) -> Audio:
    """A bass guitar: a string and the tick of the pick."""
    sound = _plucked(hz, gate, part, rng, (0.21, 1.6, 1.1))
    n = min(sound.shape[0], samples(0.014))
    tick = filtered(noise(rng, n), "bandpass", (700.0, 3200.0)) * decay(n, 0.012)
    sound[:n] += np.float32(0.12 + 0.3 * part.bright) * tick
    return sound


def rhodes(hz: float, gate: float, accent: bool, part: PartSpec, rng: np.random.Generator) -> Audio:
    """An electric piano: a barking fundamental and a tine (two FM pairs)."""
    envelope = adsr(gate, 0.004, 1.2 + 2.0 * part.length, 0.15, 0.14)
    n = envelope.shape[0]
    bark = np.float32(0.35 + 1.5 * part.bright) * decay(n, 1.1) * sine(hz, n)
    tine = np.float32(0.15 + 0.5 * part.bright) * decay(n, 0.35) * sine(min(14 * hz, 9000.0), n)
    return np.asarray((modulated(hz, bark) + 0.4 * modulated(hz, tine, 0.25)) * envelope)


def piano(hz: float, gate: float, accent: bool, part: PartSpec, rng: np.random.Generator) -> Audio:
    """Two strings a hair apart, and the knock of the hammer."""
    one = _plucked(hz * 0.9996, gate, part, rng, (0.125, 2.6, 0.85))
    two = _plucked(hz * 1.0006, gate, part, rng, (0.125, 2.0, 0.85))
    sound = one
    sound[: two.shape[0]] += np.float32(0.8) * two[: one.shape[0]]
    n = min(sound.shape[0], samples(0.03))
    knock = filtered(noise(rng, n), "bandpass", (180.0, 1800.0)) * decay(n, 0.03)
    sound[:n] += np.float32(0.15) * knock
    return np.asarray(sound)


def organ(hz: float, gate: float, accent: bool, part: PartSpec, rng: np.random.Generator) -> Audio:
    """Drawbars with key click and tremolo."""
    envelope = adsr(gate, 0.005, 1.0, 1.0, 0.03)
    n = envelope.shape[0]
    cut = low_pass_response(hz, len(harmonics(hz, "organ")), 900.0 + 7000.0 * part.bright, 0.0)
    tone = scan(bank(harmonics(hz, "organ") * cut), 0.0, phase_of(hz, n))
    tremolo = 1.0 + 0.12 * np.sin(2 * np.pi * 6.2 * seconds_axis(n))
    click = noise(rng, n) * decay(n, 0.008) * np.float32(0.15)
    return np.asarray((tone * tremolo + click) * envelope)


def guitar(hz: float, gate: float, accent: bool, part: PartSpec, rng: np.random.Generator) -> Audio:
    """A plucked string."""
    return _plucked(hz, gate, part, rng, (0.17, 1.7, 0.95))


def bell(hz: float, gate: float, accent: bool, part: PartSpec, rng: np.random.Generator) -> Audio:
    """An inharmonic FM pair that rings."""
    seconds = 0.6 + 1.5 * part.length
    n = samples(min(seconds, max(gate, 0.35) + 0.5))
    index = np.float32(0.5 + 1.7 * part.bright) * decay(n, seconds * 0.5)
    strike = modulated(hz, index * sine(min(hz * 3.507, 11_000.0), n)) * decay(n, seconds)
    return np.asarray(strike + 0.25 * sine(min(hz * 2.76, 12_000.0), n) * decay(n, seconds * 0.4))


def marimba(
    hz: float, gate: float, accent: bool, part: PartSpec, rng: np.random.Generator
) -> Audio:
    """A bar: its fundamental, a partial near two octaves above, and the mallet."""
    seconds = (0.35 + 0.5 * part.length) * (440.0 / hz) ** 0.3
    n = samples(seconds)
    tone = sine(hz, n) * decay(n, seconds) + 0.35 * sine(hz * 3.93, n) * decay(n, seconds * 0.22)
    knock = filtered(noise(rng, n), "bandpass", (500.0, 3000.0)) * decay(n, 0.012)
    return np.asarray(tone + np.float32(0.1 + 0.25 * part.bright) * knock)


def flute(hz: float, gate: float, accent: bool, part: PartSpec, rng: np.random.Generator) -> Audio:
    """Few harmonics, late vibrato, breath."""
    envelope = adsr(gate, 0.035, 0.5, 0.85, 0.07)
    n = envelope.shape[0]
    t = seconds_axis(n)
    vibrato = np.asarray(
        hz * (1.0 + 0.006 * np.sin(2 * np.pi * 5.3 * t) * np.clip(t * 3 - 0.3, 0, 1))
    )
    tone = scan(
        bank(np.array([[1.0, 0.28 + 0.3 * part.bright, 0.14, 0.05 + 0.06 * part.bright]])),
        0.0,
        phase_of(vibrato, n),
    )
    breath = filtered(noise(rng, n), "bandpass", (hz * 1.2, min(hz * 5, 12_000.0)), 1)
    return np.asarray((tone + np.float32(0.03 + 0.04 * part.bright) * breath) * envelope)
