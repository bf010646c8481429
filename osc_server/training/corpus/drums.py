"""Drum kits, every piece synthesised: five kits, about a dozen pieces each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from osc_server.training.corpus.effects import filtered, saturate
from osc_server.training.corpus.oscillators import (
    RATE,
    Audio,
    decay,
    declick,
    noise,
    samples,
    seconds_axis,
    sine,
)

PIECES = (
    "kick", "snare", "clap", "rim", "hat", "open", "ride", "crash",
    "low_tom", "high_tom", "shaker", "cowbell", "conga", "tambourine",
)  # fmt: skip
"""What a kit holds."""


@dataclass(frozen=True, slots=True)
class Kit:
    """The character of a kit: kick and snare pitches (Hz), lengths (seconds), metal and grit."""

    kick_hz: float
    kick_sweep: float
    kick_seconds: float
    kick_click: float
    snare_hz: float
    snare_seconds: float
    snare_noise: float
    hat_seconds: float
    metal: float
    grit: float
    top_hz: float


KITS = {
    "808": Kit(47, 70, 0.95, 0.25, 185, 0.22, 0.8, 0.06, 1.0, 0.08, 15000),
    "909": Kit(52, 190, 0.42, 0.8, 205, 0.24, 1.1, 0.08, 0.75, 0.2, 15000),
    "acoustic": Kit(62, 90, 0.26, 0.6, 178, 0.28, 1.0, 0.09, 0.45, 0.08, 13500),
    "lo-fi": Kit(58, 80, 0.3, 0.3, 190, 0.2, 0.9, 0.05, 0.3, 0.35, 5200),
    "industrial": Kit(50, 260, 0.38, 1.0, 150, 0.4, 1.4, 0.11, 0.9, 0.8, 12000),
}


class DrumKit:
    """Renders the pieces of a kit once each.

    ``bright``, ``length`` and ``drive`` (0..1, 0.5 is the kit as designed) colour all of them.
    """

    def __init__(
        self, name: str, rng: np.random.Generator, bright: float, length: float, drive: float
    ) -> None:
        self._kit = KITS[name]
        self._rng = rng
        self._tune = float(2.0 ** rng.uniform(-0.2, 0.2))
        self._stretch = float(2.0 ** (2.0 * (length - 0.5)))
        self._bright = bright
        self._drive = drive
        self._made: dict[str, Audio] = {}

    def piece(self, name: str) -> Audio:
        """The sound of one piece at full velocity, peak about 1."""
        if name not in self._made:
            self._made[name] = self._finish(name, getattr(self, f"_{name}")())
        return self._made[name]

    def _finish(self, name: str, sound: Audio) -> Audio:
        drive = self._kit.grit + 1.0 * max(0.0, self._drive - 0.5)
        if drive > 0.1:
            sound = saturate(sound, min(1.0, drive))
        top = min(15_500.0, self._kit.top_hz * 2.0 ** (2.4 * min(0.0, self._bright - 0.5) * 2))
        if top < 15_000 and name != "kick":
            sound = filtered(sound, "lowpass", max(top, 2600.0), 2)
        sound = sound / np.float32(np.max(np.abs(sound)) + 1e-9)
        return declick(np.asarray(sound, dtype=np.float32))

    def _sweep(self, hz: float, extra: float, fall: float, n: int) -> Audio:
        t = seconds_axis(n)
        return np.asarray(hz * self._tune + extra * np.exp(-t / np.float32(fall)))

    def _noise_band(self, n: int, low: float, high: float, order: int = 2) -> Audio:
        return filtered(noise(self._rng, n), "bandpass", (low, min(high, 15_500.0)), order)

    def _cluster(self, n: int) -> Audio:
        """Six square waves at unrelated pitches, as in the cymbals of analogue drum machines."""
        pitches = np.array([205.3, 304.4, 369.6, 522.7, 540.0, 800.0]) * 1.35 * self._tune
        t = np.arange(n, dtype=np.float64) / RATE
        squares = sum((np.sign(np.sin(2 * np.pi * hz * t)) for hz in pitches), np.zeros(n))
        return np.asarray(squares / 4.0, dtype=np.float32)

    def _kick(self) -> Audio:
        kit = self._kit
        seconds = kit.kick_seconds * self._stretch
        n = samples(min(seconds * 1.1, 1.3))
        fall = 0.016 if kit.kick_sweep > 150 else 0.028
        pitch = self._sweep(kit.kick_hz, kit.kick_sweep + 130 * self._bright, fall, n)
        body = sine(pitch, n) * decay(n, seconds) ** 0.8
        click = self._noise_band(samples(0.012), 1500, 9000) * decay(samples(0.012), 0.012)
        body[: click.shape[0]] += click * np.float32(kit.kick_click * (0.2 + 0.7 * self._bright))
        return body

    def _snare(self) -> Audio:
        kit = self._kit
        seconds = kit.snare_seconds * self._stretch
        n = samples(seconds * 1.2)
        tone = sine(self._sweep(kit.snare_hz, 110, 0.012, n), n) * decay(n, seconds * 0.6)
        tone += 0.55 * sine(kit.snare_hz * 1.78 * self._tune, n) * decay(n, seconds * 0.4)
        rattle = self._noise_band(n, 1100 + 900 * self._bright, 6500 + 8000 * self._bright)
        snap = self._noise_band(n, 2500, 12000) * decay(n, 0.035)
        loud = kit.snare_noise * (0.8 + 0.5 * self._bright)
        return np.asarray(0.8 * tone + loud * rattle * decay(n, seconds) + 0.6 * snap)

    def _clap(self) -> Audio:
        seconds = 0.24 * self._stretch
        n = samples(seconds + 0.05)
        shape = np.zeros(n, dtype=np.float32)
        for burst, start in enumerate((0.0, 0.0105, 0.021, 0.031)):
            at = samples(start)
            length = seconds if burst == 3 else 0.018
            shape[at:] = np.maximum(shape[at:], decay(n - at, length))
        return self._noise_band(n, 850, 2800 + 3000 * self._bright) * shape

    def _rim(self) -> Audio:
        n = samples(0.07)
        tone = sine(1720 * self._tune, n) + 0.7 * sine(480 * self._tune, n)
        return np.asarray(
            tone * decay(n, 0.045) + 0.4 * self._noise_band(n, 2500, 9000) * decay(n, 0.012)
        )

    def _hiss(self, seconds: float, low: float) -> Audio:
        n = samples(seconds * 1.15 + 0.01)
        metal = self._kit.metal
        raw = metal * self._cluster(n) + (1.15 - 0.6 * metal) * noise(self._rng, n)
        edge = low * (0.75 + 0.5 * self._bright)
        return filtered(raw, "bandpass", (edge, 15_000.0), 3) * decay(n, seconds)

    def _hat(self) -> Audio:
        return self._hiss(self._kit.hat_seconds * self._stretch, 6800)

    def _open(self) -> Audio:
        return self._hiss(0.42 * self._stretch, 6200)

    def _ride(self) -> Audio:
        n = samples(0.7)
        ping = sum(
            (sine(hz * self._tune, n, 0.3) for hz in (3120.0, 4370.0, 5230.0, 6710.0)),
            np.zeros(n, dtype=np.float32),
        )
        return np.asarray(
            0.35 * ping * decay(n, 0.35) + self._hiss(0.8, 5000)[:n] * np.float32(0.8)
        )

    def _crash(self) -> Audio:
        n = samples(1.5)
        wash = self._noise_band(n, 2800, 15000) * decay(n, 1.7)
        bell = filtered(self._cluster(n), "highpass", 4200.0) * decay(n, 1.0)
        return np.asarray(wash + 0.5 * bell)

    def _tom(self, hz: float) -> Audio:
        seconds = 0.42 * self._stretch
        n = samples(seconds)
        head = sine(self._sweep(hz, hz * 0.55, 0.045, n), n) * decay(n, seconds)
        skin = self._noise_band(n, 300, 2500) * decay(n, 0.06)
        return np.asarray(head + 0.3 * skin)

    def _low_tom(self) -> Audio:
        return self._tom(88.0)

    def _high_tom(self) -> Audio:
        return self._tom(150.0)

    def _shaker(self) -> Audio:
        n = samples(0.085)
        t = seconds_axis(n) / np.float32(0.085)
        return np.asarray(self._noise_band(n, 5200, 12500) * np.sin(np.pi * t**0.6) ** 2)

    def _cowbell(self) -> Audio:
        n = samples(0.3)
        t = np.arange(n, dtype=np.float64) / RATE
        pair = sum((np.sign(np.sin(2 * np.pi * hz * t)) for hz in (545.0, 815.0)), np.zeros(n))
        shape = 0.6 * decay(n, 0.05) + 0.4 * decay(n, 0.3)
        return filtered(pair.astype(np.float32), "bandpass", (600.0, 3200.0), 1) * shape

    def _conga(self) -> Audio:
        n = samples(0.26)
        slap = self._noise_band(n, 900, 4000) * decay(n, 0.025)
        return np.asarray(sine(self._sweep(205, 60, 0.02, n), n) * decay(n, 0.24) + 0.4 * slap)

    def _tambourine(self) -> Audio:
        n = samples(0.18)
        jingles = filtered(self._cluster(n), "highpass", 7500.0, 3)
        return np.asarray((jingles + 0.5 * self._noise_band(n, 7000, 15000)) * decay(n, 0.16))
