"""Sound effects, each on a bar or a cycle of bars, circular like everything else."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from osc_server.training.corpus.effects import circular_filter, filtered, place
from osc_server.training.corpus.oscillators import (
    Audio,
    decay,
    noise,
    samples,
    seconds_axis,
    sine,
)
from osc_server.training.corpus.spec import ClipSpec, PartSpec


class _Scene:
    """What an effect needs to know: length, beat, brightness, chance."""

    def __init__(self, spec: ClipSpec, part: PartSpec, rng: np.random.Generator) -> None:
        self.n = spec.cycle_samples
        self.beat = spec.beat_samples
        self.bar = spec.beat_samples * spec.beats_per_bar
        self.bars = spec.cycle_bars
        self.beats = round(spec.cycle_bars * spec.beats_per_bar)
        self.bright = part.bright
        self.length = part.length
        self.rng = rng

    def silence(self) -> Audio:
        return np.zeros(self.n, dtype=np.float32)

    def slow_wave(self, turns: int) -> Audio:
        """A smooth random curve around 0..1 that closes on the cycle."""
        turn = np.linspace(0, 2 * np.pi, self.n, endpoint=False, dtype=np.float32)
        curve = np.zeros(self.n, dtype=np.float32)
        for k in range(1, turns + 1):
            curve += np.float32(1 / k) * np.sin(k * turn + np.float32(self.rng.uniform(0, 6.28)))
        return np.asarray((curve - curve.min()) / (np.ptp(curve) + 1e-9))

    def bands(self, edges: list[float]) -> list[Audio]:
        """Circular noise in neighbouring bands, to crossfade as a moving filter."""
        raw = noise(self.rng, self.n)
        return [circular_filter(raw, "bandpass", pair, 1) for pair in pairwise(edges)]

    def sweep(self, position: Audio, edges: list[float]) -> Audio:
        """Noise whose band moves with ``position`` 0..1."""
        bands = self.bands(edges)
        place_at = position * np.float32(len(bands) - 1)
        return np.asarray(sum(
            (np.clip(1 - np.abs(place_at - k), 0, 1) * band for k, band in enumerate(bands)),
            self.silence(),
        ))  # fmt: skip


_EDGES = [150.0, 350.0, 700.0, 1400.0, 2800.0, 5600.0, 11_000.0]


def _riser(s: _Scene) -> Audio:
    x = np.linspace(0, 1, s.n, endpoint=False, dtype=np.float32)
    pitch = np.asarray(110.0 * 2.0 ** (3.5 * x + s.bright))
    tone = sine(pitch, s.n) + 0.5 * sine(pitch * np.float32(1.51), s.n)
    out = (s.sweep(x, _EDGES) * 1.6 + 0.35 * tone) * (0.04 + x**2)
    fade = samples(0.012)
    out[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    return np.asarray(out)


def _downlifter(s: _Scene) -> Audio:
    x = np.linspace(1, 0, s.n, dtype=np.float32)
    pitch = np.asarray(60.0 * 2.0 ** (4.0 * x))
    out = (s.sweep(x, _EDGES) * 1.6 + 0.4 * sine(pitch, s.n)) * x**1.5
    place(out, noise(s.rng, samples(0.3)) * decay(samples(0.3), 0.25), 0, 0.6)
    return np.asarray(out)


def _rain(s: _Scene) -> Audio:
    out = 0.07 * s.bands([1500.0, 6000.0 + 6000 * s.bright])[0] * (0.8 + 0.2 * s.slow_wave(3))
    for _ in range(int(s.n / 32_000 * 110)):
        n = samples(float(s.rng.uniform(0.004, 0.014)))
        hz = float(s.rng.uniform(1800, 6000) * (0.7 + 0.6 * s.bright))
        place(
            out, sine(hz, n) * decay(n, 0.01), s.rng.uniform(0, s.n), float(s.rng.exponential(0.13))
        )
    return np.asarray(out)


def _wind(s: _Scene) -> Audio:
    move = s.slow_wave(5)
    return np.asarray(s.sweep(move * 0.7, [180.0, 320.0, 560.0, 900.0, 1500.0]) * (0.25 + move))


def _vinyl(s: _Scene) -> Audio:
    out = 0.006 * s.bands([200.0, 5000.0])[0] + 0.012 * s.bands([30.0, 90.0])[0]
    for _ in range(int(s.n / 32_000 * 16)):
        n = samples(0.0025)
        pop = noise(s.rng, n) * decay(n, 0.002)
        place(out, pop, s.rng.uniform(0, s.n), float(s.rng.uniform(0.03, 0.4) ** 1.2))
    return np.asarray(out)


def _hits(s: _Scene, sound: Callable[[], Audio], beats: tuple[float, ...]) -> Audio:
    out = s.silence()
    for bar in range(s.bars):
        for beat in beats:
            if beat * s.beat < s.bar:
                place(out, sound(), bar * s.bar + beat * s.beat)
    return out


def _laser(s: _Scene) -> Audio:
    n = samples(0.22 + 0.2 * s.length)
    t = seconds_axis(n)
    pitch = np.asarray(180.0 + (2800.0 + 3500.0 * s.bright) * np.exp(-t / np.float32(0.06)))
    zap = np.tanh(2.0 * sine(pitch, n)) * decay(n, 0.4)
    options = ((0.0, 1.5, 3.0), (0.0, 1.0, 2.0, 3.0), (0.0, 0.75, 1.5, 2.5), (0.0, 2.0))
    return _hits(s, lambda: np.asarray(zap), options[int(s.rng.integers(4))])


def _siren(s: _Scene) -> Audio:
    turns = s.beats // 2 * (1 + int(s.rng.integers(2)))
    turn = np.linspace(0, 2 * np.pi * turns, s.n, endpoint=False)
    bend = np.sin(turn) if s.rng.random() < 0.6 else np.sign(np.sin(turn)) * 0.4
    pitch = np.asarray(760.0 * 2.0 ** (0.55 * bend), dtype=np.float32)
    # A whole number of cycles, so that the end meets the start in phase.
    total = float(np.sum(pitch, dtype=np.float64)) / 32_000
    pitch *= np.float32(round(total) / total)
    tone = np.tanh(1.5 * sine(pitch, s.n))
    return circular_filter(np.asarray(tone), "lowpass", 2000.0 + 6000.0 * s.bright)


def _impact(s: _Scene) -> Audio:
    n = samples(1.0 + 0.8 * s.length)
    t = seconds_axis(n)
    boom = sine(np.asarray(38.0 + 70.0 * np.exp(-t / np.float32(0.09))), n) * decay(n, 1.5)
    crash = filtered(noise(s.rng, n), "lowpass", 1200.0 + 5000.0 * s.bright) * decay(n, 0.8)
    return _hits(s, lambda: np.asarray(boom + 0.7 * crash), (0.0,))


def _robot(s: _Scene) -> Audio:
    out = s.silence()
    line = s.rng.random(s.beats * 4) < 0.7
    pitches = 220.0 * 2.0 ** (s.rng.integers(0, 36, s.beats * 4) / 12.0)
    for step in np.flatnonzero(line):
        n = samples(min(0.75 * s.beat / 4 / 32_000, 0.12))
        place(out, np.tanh(3 * sine(float(pitches[step]), n)) * decay(n, 0.5), step * s.beat / 4)
    return out


def _drop(s: _Scene) -> Audio:
    n = samples(0.12)
    t = seconds_axis(n)
    hz = float(s.rng.uniform(500, 1100))
    return sine(np.asarray(hz * (1.0 + 14.0 * t)), n) * decay(n, 0.12)


def _water(s: _Scene) -> Audio:
    out = s.silence()
    for step in range(s.beats * 2):
        if s.rng.random() < 0.55:
            place(out, _drop(s), step * s.beat / 2, float(s.rng.uniform(0.4, 1.0)))
    place(out, _drop(s), 0)
    return out


def _ocean(s: _Scene) -> Audio:
    turns = max(1, s.bars // 2)
    phase = (np.arange(s.n, dtype=np.float32) * np.float32(turns / s.n)) % 1.0
    swell = np.where(phase < 0.35, (phase / 0.35) ** 2, ((1 - phase) / 0.65) ** 1.5)
    swell = swell.astype(np.float32)
    return np.asarray(s.sweep(np.float32(0.2) + np.float32(0.7) * swell, _EDGES) * (0.12 + swell))


def _birds(s: _Scene) -> Audio:
    out = 0.01 * s.bands([1000.0, 5000.0])[0]
    for step in range(s.beats):
        if s.rng.random() > 0.6:
            continue
        hz = float(s.rng.uniform(2200, 4800))
        bend = float(s.rng.uniform(-0.35, 0.35))
        for chirp in range(int(s.rng.integers(2, 6))):
            n = samples(0.06)
            x = np.linspace(0, 1, n, dtype=np.float32)
            pitch = np.asarray(hz * (1 + bend * x + 0.12 * np.sin(2 * np.pi * 2 * x)))
            place(out, sine(pitch, n) * np.sin(np.pi * x), step * s.beat + chirp * 3000)
    return np.asarray(out)


def _heartbeat(s: _Scene) -> Audio:
    n = samples(0.22)
    thump = sine(np.asarray(48.0 + 40.0 * np.exp(-seconds_axis(n) / np.float32(0.03))), n)
    thump = thump * decay(n, 0.2)
    out = s.silence()
    for beat in range(0, s.beats, 2):
        place(out, thump, beat * s.beat)
        place(out, thump, (beat + 0.5) * s.beat, 0.65)
    return out


def _alarm(s: _Scene) -> Audio:
    out = s.silence()
    hz = 880.0 * 2.0 ** float(s.rng.integers(0, 8) / 12)
    n = samples(0.6 * s.beat / 2 / 32_000)
    edge = np.minimum(1, np.minimum(np.arange(n), np.arange(n)[::-1]) / 100).astype(np.float32)
    for step in range(s.beats * 2):
        tone = sine(hz * (1.0 if step % 2 == 0 else 0.75), n)
        place(out, np.tanh(2 * tone) * edge, step * s.beat / 2)
    return out


def _radio(s: _Scene) -> Audio:
    hiss = s.bands([500.0, 4500.0])[0]
    gate = np.repeat(s.rng.uniform(0.15, 1.0, s.beats * 4), -(-s.n // (s.beats * 4)))[: s.n]
    smooth = circular_filter(gate.astype(np.float32), "lowpass", 60.0, 1)
    hz = np.asarray(1200.0 + 900.0 * s.slow_wave(6))
    total = float(np.sum(hz, dtype=np.float64)) / 32_000
    return np.asarray(hiss * smooth + 0.18 * sine(hz * np.float32(round(total) / total), s.n))


def _whoosh(s: _Scene) -> Audio:
    x = np.arange(s.n, dtype=np.float32) * np.float32(s.bars / s.n) % 1.0
    shape = np.exp(-(((x - 0.45) / 0.16) ** 2)).astype(np.float32)
    return np.asarray(s.sweep(0.15 + 0.75 * shape, _EDGES) * shape)


_EFFECTS: dict[str, Callable[[_Scene], Audio]] = {
    "riser": _riser, "downlifter": _downlifter, "rain": _rain, "wind": _wind,
    "vinyl crackle": _vinyl, "laser": _laser, "siren": _siren, "impact": _impact,
    "robot blips": _robot, "water drops": _water, "ocean waves": _ocean, "bird chirps": _birds,
    "heartbeat": _heartbeat, "alarm": _alarm, "radio static": _radio, "whoosh": _whoosh,
}  # fmt: skip


def sound_effect(spec: ClipSpec, part: PartSpec, rng: np.random.Generator) -> Audio:
    """One cycle of the effect that ``part.sound`` names, ``[cycle_samples]``."""
    return _EFFECTS[part.sound](_Scene(spec, part, rng))
