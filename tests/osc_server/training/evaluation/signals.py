"""Small signals whose tempo, notes and kind are known, for tests of the estimators."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 32000


def tone(
    hz: float, seconds: float, *, decay: float = 6.0, partials: int = 5
) -> NDArray[np.float32]:
    """A plucked harmonic tone with a 3 ms attack."""
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    wave = sum(np.sin(2 * np.pi * hz * k * t) / k for k in range(1, partials + 1))
    return (0.3 * wave * np.exp(-decay * t) * np.minimum(1.0, t / 0.003)).astype(np.float32)


def kick() -> NDArray[np.float32]:
    t = np.arange(round(0.25 * RATE_HZ)) / RATE_HZ
    phase = 2 * np.pi * (50 * t - 8.0 * np.exp(-30 * t))
    return (0.8 * np.sin(phase) * np.exp(-14 * t)).astype(np.float32)


def noise_hit(
    rng: np.random.Generator, seconds: float, decay: float, level: float
) -> NDArray[np.float32]:
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    hiss = np.diff(rng.standard_normal(len(t) + 1))
    return (level * hiss * np.exp(-decay * t)).astype(np.float32)


def place(audio: NDArray[np.float32], sound: NDArray[np.float32], seconds: float) -> None:
    """Add ``sound`` at ``seconds``, cut at the end."""
    start = round(seconds * RATE_HZ)
    part = sound[: max(0, len(audio) - start)]
    audio[start : start + len(part)] += part


def drum_loop(
    bpm: float, *, beats: int = 16, seed: int = 0, swing: float = 0.0
) -> NDArray[np.float32]:
    """A loop of kick, snare and hats with random ghost notes; starts on its downbeat."""
    rng = np.random.default_rng(seed)
    sixteenth = 15.0 / bpm
    audio = np.zeros(round(beats * 60.0 / bpm * RATE_HZ), np.float32)
    kicks = {0, 8} | set(rng.choice([3, 6, 7, 10, 11, 14], size=2).tolist())
    hat_step = int(rng.choice([1, 2, 4]))
    for step in range(beats * 4):
        when = step * sixteenth + (swing * sixteenth if step % 2 else 0.0)
        place_in_bar = step % 16
        if place_in_bar in kicks:
            place(audio, kick(), when)
        if place_in_bar in (4, 12) or (rng.random() < 0.06):
            place(audio, noise_hit(rng, 0.2, 25.0, 0.2), when)
        if step % hat_step == 0 and rng.random() < 0.92:
            place(audio, noise_hit(rng, 0.05, 90.0, 0.12), when)
    return audio
