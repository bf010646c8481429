"""Pitched instruments: one note each, band-limited, from a name, a pitch and the part's traits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from osc_server.training.corpus.effects import filtered
from osc_server.training.corpus.oscillators import (
    Audio,
    adsr,
    bank,
    decay,
    declick,
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


class Instrument:
    """Renders notes of one part; every distinct note is rendered once and kept."""

    def __init__(self, part: PartSpec, rng: np.random.Generator) -> None:
        self._part = part
        self._rng = rng
        self._notes: dict[tuple[float, float, bool], Audio] = {}
        singing = part.kind == "melody" and part.sound in ("saw", "square")
        self._play = _lead if singing else VOICES[part.sound]

    def note(self, hz: float, gate: float, *, accent: bool = False) -> Audio:
        """A note of ``hz`` held for ``gate`` seconds, peak about 1."""
        name = (round(hz, 3), round(gate, 4), accent)
        if name not in self._notes:
            sound = self._play(hz, gate, accent, self._part, self._rng)
            self._notes[name] = declick(np.asarray(sound, dtype=np.float32))
        return self._notes[name]


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


def _saw(hz: float, gate: float, accent: bool, part: PartSpec, rng: np.random.Generator) -> Audio:
    fall = 0.08 + 0.5 * part.length
    envelope = adsr(gate, 0.004, fall, 0.55, 0.05)
    sweep = adsr(gate, 0.004, fall * 0.6, 0.15, 0.05)
    spread = (-0.06, 0.07) if hz < 160 else (-0.09, 0.0, 0.1)
    return _subtractive(hz, envelope, sweep, _cutoffs(part, 350, 4200), ("saw", 0.12, spread))


def _square(
    hz: float, gate: float, accent: bool, part: PartSpec, rng: np.random.Generator
) -> Audio:
    envelope = adsr(gate, 0.003, 0.1 + 0.4 * part.length, 0.5, 0.04)
    sweep = adsr(gate, 0.003, 0.15, 0.3, 0.04)
    wave = "square" if part.bright < 0.6 else "pulse"
    return _subtractive(hz, envelope, sweep, _cutoffs(part, 500, 6000), (wave, 0.08, (0.0,)))


def _acid(hz: float, gate: float, accent: bool, part: PartSpec, rng: np.random.Generator) -> Audio:
    envelope = adsr(gate, 0.003, 0.35, 0.5, 0.03)
    sweep = adsr(gate, 0.003, 0.09 + 0.2 * part.length, 0.0, 0.03)
    low, high = _cutoffs(part, 260, 1500)
    high *= 1.9 if accent else 1.0
    return _subtractive(hz, envelope, sweep, (low, high), ("saw", 0.95, (0.0,))) * np.float32(0.5)


def _reese(hz: float, gate: float, accent: bool, part: PartSpec, rng: np.random.Generator) -> Audio:
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


def _wobble(
    hz: float, gate: float, accent: bool, part: PartSpec, rng: np.random.Generator
) -> Audio:
    envelope = adsr(gate, 0.006, 1.0, 0.9, 0.05)
    t = seconds_axis(envelope.shape[0])
    # The wobble is a division of the note itself, so it stays in time.
    turns = 4.0 if gate > 0.6 else 2.0
    move = (0.5 - 0.5 * np.cos(2 * np.pi * turns / gate * t)).astype(np.float32)
    body = _subtractive(
        hz, envelope, move, (110.0, 900.0 + 2600.0 * part.bright), ("saw", 0.5, (-0.1, 0.1))
    )
    return np.asarray(body + 0.5 * sine(hz, envelope.shape[0]) * envelope)


def _sub(hz: float, gate: float, accent: bool, part: PartSpec, rng: np.random.Generator) -> Audio:
    envelope = adsr(gate, 0.006, 0.2 + 0.8 * part.length, 0.65, 0.06)
    n = envelope.shape[0]
    tone = sine(hz, n) + np.float32(0.2 + 0.3 * part.bright) * sine(2 * hz, n)
    return np.asarray((tone + np.float32(0.12 * part.bright) * sine(3 * hz, n)) * envelope)


def _808(hz: float, gate: float, accent: bool, part: PartSpec, rng: np.random.Generator) -> Audio:
    seconds = max(0.2, gate) + 0.05
    n = samples(seconds)
    t = seconds_axis(n)
    pitch = np.asarray(hz * (1.0 + 1.6 * np.exp(-t / np.float32(0.018))))
    tone = np.tanh(sine(pitch, n) * np.float32(1.2 + 2.2 * part.drive + part.bright))
    shape = decay(n, 1.1 + 1.6 * part.length)
    tail = samples(0.04)
    shape[-tail:] *= np.linspace(1, 0, tail, dtype=np.float32)
    return np.asarray(tone * shape)


def _fm(hz: float, gate: float, accent: bool, part: PartSpec, rng: np.random.Generator) -> Audio:
    envelope = adsr(gate, 0.003, 0.12 + 0.5 * part.length, 0.4, 0.05)
    n = envelope.shape[0]
    index = (0.4 + 4.0 * part.bright) * decay(n, 0.25 + 0.5 * part.length)
    return np.asarray(modulated(hz, index * sine(2 * hz, n)) * envelope)


def _picked(
    hz: float, gate: float, accent: bool, part: PartSpec, rng: np.random.Generator
) -> Audio:
    sound = _plucked(hz, gate, part, rng, (0.21, 1.6, 1.1))
    n = min(sound.shape[0], samples(0.014))
    tick = filtered(noise(rng, n), "bandpass", (700.0, 3200.0)) * decay(n, 0.012)
    sound[:n] += np.float32(0.12 + 0.3 * part.bright) * tick
    return sound


def _rhodes(
    hz: float, gate: float, accent: bool, part: PartSpec, rng: np.random.Generator
) -> Audio:
    envelope = adsr(gate, 0.004, 1.2 + 2.0 * part.length, 0.15, 0.14)
    n = envelope.shape[0]
    bark = np.float32(0.35 + 1.5 * part.bright) * decay(n, 1.1) * sine(hz, n)
    tine = np.float32(0.15 + 0.5 * part.bright) * decay(n, 0.35) * sine(min(14 * hz, 9000.0), n)
    return np.asarray((modulated(hz, bark) + 0.4 * modulated(hz, tine, 0.25)) * envelope)


def _piano(hz: float, gate: float, accent: bool, part: PartSpec, rng: np.random.Generator) -> Audio:
    one = _plucked(hz * 0.9996, gate, part, rng, (0.125, 2.6, 0.85))
    two = _plucked(hz * 1.0006, gate, part, rng, (0.125, 2.0, 0.85))
    sound = one
    sound[: two.shape[0]] += np.float32(0.8) * two[: one.shape[0]]
    n = min(sound.shape[0], samples(0.03))
    knock = filtered(noise(rng, n), "bandpass", (180.0, 1800.0)) * decay(n, 0.03)
    sound[:n] += np.float32(0.15) * knock
    return np.asarray(sound)


def _organ(hz: float, gate: float, accent: bool, part: PartSpec, rng: np.random.Generator) -> Audio:
    envelope = adsr(gate, 0.005, 1.0, 1.0, 0.03)
    n = envelope.shape[0]
    cut = low_pass_response(hz, len(harmonics(hz, "organ")), 900.0 + 7000.0 * part.bright, 0.0)
    tone = scan(bank(harmonics(hz, "organ") * cut), 0.0, phase_of(hz, n))
    tremolo = 1.0 + 0.12 * np.sin(2 * np.pi * 6.2 * seconds_axis(n))
    click = noise(rng, n) * decay(n, 0.008) * np.float32(0.15)
    return np.asarray((tone * tremolo + click) * envelope)


def _guitar(
    hz: float, gate: float, accent: bool, part: PartSpec, rng: np.random.Generator
) -> Audio:
    return _plucked(hz, gate, part, rng, (0.17, 1.7, 0.95))


def _pluck(hz: float, gate: float, accent: bool, part: PartSpec, rng: np.random.Generator) -> Audio:
    fall = 0.1 + 0.35 * part.length
    envelope = adsr(min(gate, fall * 2), 0.003, fall, 0.0, 0.05)
    sweep = adsr(min(gate, fall * 2), 0.003, fall * 0.5, 0.0, 0.05)
    return _subtractive(hz, envelope, sweep, _cutoffs(part, 600, 5000), ("saw", 0.2, (-0.05, 0.06)))


def _stab(hz: float, gate: float, accent: bool, part: PartSpec, rng: np.random.Generator) -> Audio:
    envelope = adsr(gate, 0.004, 0.15 + 0.5 * part.length, 0.35, 0.08)
    sweep = adsr(gate, 0.004, 0.1 + 0.25 * part.length, 0.05, 0.08)
    return _subtractive(
        hz, envelope, sweep, _cutoffs(part, 500, 4200), ("saw", 0.15, (-0.13, -0.02, 0.12))
    )


def _brass(hz: float, gate: float, accent: bool, part: PartSpec, rng: np.random.Generator) -> Audio:
    envelope = adsr(gate, 0.05, 0.8, 0.8, 0.12)
    sweep = adsr(gate, 0.09, 0.7, 0.5, 0.12)
    return _subtractive(hz, envelope, sweep, _cutoffs(part, 500, 3500), ("saw", 0.1, (-0.08, 0.08)))


def _bell(hz: float, gate: float, accent: bool, part: PartSpec, rng: np.random.Generator) -> Audio:
    seconds = 0.6 + 1.5 * part.length
    n = samples(min(seconds, max(gate, 0.35) + 0.5))
    index = np.float32(0.5 + 1.7 * part.bright) * decay(n, seconds * 0.5)
    strike = modulated(hz, index * sine(min(hz * 3.507, 11_000.0), n)) * decay(n, seconds)
    return np.asarray(strike + 0.25 * sine(min(hz * 2.76, 12_000.0), n) * decay(n, seconds * 0.4))


def _marimba(
    hz: float, gate: float, accent: bool, part: PartSpec, rng: np.random.Generator
) -> Audio:
    seconds = (0.35 + 0.5 * part.length) * (440.0 / hz) ** 0.3
    n = samples(seconds)
    tone = sine(hz, n) * decay(n, seconds) + 0.35 * sine(hz * 3.93, n) * decay(n, seconds * 0.22)
    knock = filtered(noise(rng, n), "bandpass", (500.0, 3000.0)) * decay(n, 0.012)
    return np.asarray(tone + np.float32(0.1 + 0.25 * part.bright) * knock)


def _flute(hz: float, gate: float, accent: bool, part: PartSpec, rng: np.random.Generator) -> Audio:
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


def _lead(hz: float, gate: float, accent: bool, part: PartSpec, rng: np.random.Generator) -> Audio:
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


_Voice = Callable[[float, float, bool, PartSpec, np.random.Generator], Audio]
VOICES: dict[str, _Voice] = {
    "saw": _saw, "square": _square, "acid": _acid, "reese": _reese, "wobble": _wobble, "sub": _sub,
    "808": _808, "fm": _fm, "picked": _picked, "rhodes": _rhodes, "piano": _piano, "organ": _organ,
    "guitar": _guitar, "pluck": _pluck, "stab": _stab, "brass": _brass, "bell": _bell,
    "marimba": _marimba, "flute": _flute,
}  # fmt: skip
"""Instruments by the names that genres use."""
