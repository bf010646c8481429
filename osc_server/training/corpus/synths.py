"""Synthesised voices: oscillators through filters, FM, and the long bass drum as a bass.

Each renders one note of ``hz`` held for ``gate`` seconds, harder where it is an ``accent``, in the
colours of ``part``.
"""

from __future__ import annotations

import numpy as np

from osc_server.training.corpus.oscillators import (
    Audio,
    adsr,
    bank,
    decay,
    harmonics,
    low_pass_response,
    modulated,
    phase_of,
    samples,
    scan,
    seconds_axis,
    sine,
)
from osc_server.training.corpus.spec import PartSpec

_STEPS = 10


def _cutoffs(part: PartSpec, low: float, high: float) -> tuple[float, float]:
    """Cutoffs in Hz at rest and at the height of the envelope, for the part's brightness."""
    centre = low * (high / low) ** part.bright
    return centre * 0.55, min(centre * 3.2, 15_000.0)


def _subtractive(
    hz: float,
    envelope: Audio,
    position: Audio,
    cutoffs: tuple[float, float],
    options: tuple[str, float, tuple[float, ...]],
) -> Audio:
    """Detuned oscillators through a filter that ``position`` (0..1) opens.

    ``options``: wave, resonance (0..1), detunings in semitones.
    """
    wave, resonance, detunings = options
    spectrum = harmonics(hz, wave)
    grid = np.geomspace(cutoffs[0], cutoffs[1], _STEPS)
    responses = np.stack([low_pass_response(hz, len(spectrum), c, resonance) for c in grid])
    tables = bank(spectrum * responses)
    n = envelope.shape[0]
    place = position * np.float32(_STEPS - 1)
    out = np.zeros(n, dtype=np.float32)
    for number, detune in enumerate(detunings):
        index = phase_of(hz * 2.0 ** (detune / 12.0), n, 0.37 * number)
        out += scan(tables, place, index)
    return np.asarray(out * envelope / np.float32(len(detunings) ** 0.7))


def saw(hz: float, gate: float, accent: bool, part: PartSpec, rng: np.random.Generator) -> Audio:
    """Detuned saws through a closing filter."""
    fall = 0.08 + 0.5 * part.length
    envelope = adsr(gate, 0.004, fall, 0.55, 0.05)
    sweep = adsr(gate, 0.004, fall * 0.6, 0.15, 0.05)
    spread = (-0.06, 0.07) if hz < 160 else (-0.09, 0.0, 0.1)
    return _subtractive(hz, envelope, sweep, _cutoffs(part, 350, 4200), ("saw", 0.12, spread))


def lead(hz: float, gate: float, accent: bool, part: PartSpec, rng: np.random.Generator) -> Audio:
    """A singing synth: held, with a vibrato that comes in late."""
    envelope = adsr(gate, 0.012, 0.6, 0.8, 0.09)
    n = envelope.shape[0]
    t = seconds_axis(n)
    depth = 0.009 * np.clip(t * 4 - 0.8, 0, 1)
    pitch = np.asarray(hz * (1.0 + depth * np.sin(2 * np.pi * 5.6 * t)))
    spectrum = harmonics(hz, part.sound)
    low, high = _cutoffs(part, 900, 6000)
    grid = np.geomspace(low, high, _STEPS)
    tables = bank(spectrum * np.stack([low_pass_response(hz, len(spectrum), c, 0.1) for c in grid]))
    opening = adsr(gate, 0.012, 0.3, 0.5, 0.09) * np.float32(_STEPS - 1)
    one = scan(tables, opening, phase_of(pitch, n))
    two = scan(tables, opening, phase_of(pitch * np.float32(1.004), n, 0.3))
    return np.asarray((one + 0.7 * two) * envelope)


def square(hz: float, gate: float, accent: bool, part: PartSpec, rng: np.random.Generator) -> Audio:
    """A square or, brighter, a narrow pulse."""
    envelope = adsr(gate, 0.003, 0.1 + 0.4 * part.length, 0.5, 0.04)
    sweep = adsr(gate, 0.003, 0.15, 0.3, 0.04)
    wave = "square" if part.bright < 0.6 else "pulse"
    return _subtractive(hz, envelope, sweep, _cutoffs(part, 500, 6000), (wave, 0.08, (0.0,)))


def acid(hz: float, gate: float, accent: bool, part: PartSpec, rng: np.random.Generator) -> Audio:
    """A saw through a sharply resonant filter that snaps shut; accents open it further."""
    envelope = adsr(gate, 0.003, 0.35, 0.5, 0.03)
    sweep = adsr(gate, 0.003, 0.09 + 0.2 * part.length, 0.0, 0.03)
    low, high = _cutoffs(part, 260, 1500)
    high *= 1.9 if accent else 1.0
    return _subtractive(hz, envelope, sweep, (low, high), ("saw", 0.95, (0.0,))) * np.float32(0.5)


def reese(hz: float, gate: float, accent: bool, part: PartSpec, rng: np.random.Generator) -> Audio:
    """Widely detuned saws that beat against each other over a sine."""
    envelope = adsr(gate, 0.008, 1.0, 0.9, 0.06)
    t = seconds_axis(envelope.shape[0])
    move = (0.45 + 0.3 * np.sin(2 * np.pi * 1.3 * t)).astype(np.float32)
    body = _subtractive(
        hz * 2 if hz < 40 else hz,
        envelope,
        move,
        _cutoffs(part, 200, 1600),
        ("saw", 0.1, (-0.28, 0.0, 0.27)),
    )
    return np.asarray(body + 0.4 * sine(hz, envelope.shape[0]) * envelope)


def wobble(hz: float, gate: float, accent: bool, part: PartSpec, rng: np.random.Generator) -> Audio:
    """Saws whose filter swings in time with the note, over a sine."""
    envelope = adsr(gate, 0.006, 1.0, 0.9, 0.05)
    t = seconds_axis(envelope.shape[0])
    # The wobble is a division of the note itself, so it stays in time.
    turns = 4.0 if gate > 0.6 else 2.0
    move = (0.5 - 0.5 * np.cos(2 * np.pi * turns / gate * t)).astype(np.float32)
    body = _subtractive(
        hz, envelope, move, (110.0, 900.0 + 2600.0 * part.bright), ("saw", 0.5, (-0.1, 0.1))
    )
    return np.asarray(body + 0.5 * sine(hz, envelope.shape[0]) * envelope)


def sub(hz: float, gate: float, accent: bool, part: PartSpec, rng: np.random.Generator) -> Audio:
    """A sine with a little of its first harmonics, so that small speakers tell it."""
    envelope = adsr(gate, 0.006, 0.2 + 0.8 * part.length, 0.65, 0.06)
    n = envelope.shape[0]
    tone = sine(hz, n) + np.float32(0.2 + 0.3 * part.bright) * sine(2 * hz, n)
    return np.asarray((tone + np.float32(0.12 * part.bright) * sine(3 * hz, n)) * envelope)


def eight_o_eight(
    hz: float, gate: float, accent: bool, part: PartSpec, rng: np.random.Generator
) -> Audio:
    """A long, driven sine that falls into its pitch."""
    seconds = max(0.2, gate) + 0.05
    n = samples(seconds)
    t = seconds_axis(n)
    pitch = np.asarray(hz * (1.0 + 1.6 * np.exp(-t / np.float32(0.018))))
    tone = np.tanh(sine(pitch, n) * np.float32(1.2 + 2.2 * part.drive + part.bright))
    shape = decay(n, 1.1 + 1.6 * part.length)
    tail = samples(0.04)
    shape[-tail:] *= np.linspace(1, 0, tail, dtype=np.float32)
    return np.asarray(tone * shape)


def fm(hz: float, gate: float, accent: bool, part: PartSpec, rng: np.random.Generator) -> Audio:
    """Two operators an octave apart, their index decaying."""
    envelope = adsr(gate, 0.003, 0.12 + 0.5 * part.length, 0.4, 0.05)
    n = envelope.shape[0]
    index = (0.4 + 4.0 * part.bright) * decay(n, 0.25 + 0.5 * part.length)
    return np.asarray(modulated(hz, index * sine(2 * hz, n)) * envelope)


def pluck(hz: float, gate: float, accent: bool, part: PartSpec, rng: np.random.Generator) -> Audio:
    """Saws with filter and level falling at once."""
    fall = 0.1 + 0.35 * part.length
    envelope = adsr(min(gate, fall * 2), 0.003, fall, 0.0, 0.05)
    sweep = adsr(min(gate, fall * 2), 0.003, fall * 0.5, 0.0, 0.05)
    return _subtractive(hz, envelope, sweep, _cutoffs(part, 600, 5000), ("saw", 0.2, (-0.05, 0.06)))


def stab(hz: float, gate: float, accent: bool, part: PartSpec, rng: np.random.Generator) -> Audio:
    """Three detuned saws, short and bright."""
    envelope = adsr(gate, 0.004, 0.15 + 0.5 * part.length, 0.35, 0.08)
    sweep = adsr(gate, 0.004, 0.1 + 0.25 * part.length, 0.05, 0.08)
    return _subtractive(
        hz, envelope, sweep, _cutoffs(part, 500, 4200), ("saw", 0.15, (-0.13, -0.02, 0.12))
    )


def brass(hz: float, gate: float, accent: bool, part: PartSpec, rng: np.random.Generator) -> Audio:
    """Saws that swell open."""
    envelope = adsr(gate, 0.05, 0.8, 0.8, 0.12)
    sweep = adsr(gate, 0.09, 0.7, 0.5, 0.12)
    return _subtractive(hz, envelope, sweep, _cutoffs(part, 500, 3500), ("saw", 0.1, (-0.08, 0.08)))
