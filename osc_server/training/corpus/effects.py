"""Effects on a cycle, all of them circular: what rings past the end comes in at the beginning."""

from __future__ import annotations

import numpy as np
from scipy import fft, signal

from osc_server.training.corpus.oscillators import RATE, Audio, noise, samples, seconds_axis

_SETTLE_SECONDS = 0.3


def place(cycle: Audio, sound: Audio, start: float, gain: float = 1.0) -> None:
    """Add ``sound`` to ``cycle`` at sample ``start`` (rounded), wrapping around its end."""
    n = cycle.shape[0]
    at = round(start) % n
    offset = 0
    while offset < sound.shape[0]:
        part = sound[offset : offset + n - at]
        cycle[at : at + part.shape[0]] += np.float32(gain) * part
        offset += part.shape[0]
        at = 0


def filtered(sound: Audio, kind: str, cutoff: float | tuple[float, float], order: int = 2) -> Audio:
    """``sound`` through a Butterworth filter (lowpass, highpass, bandpass), from rest."""
    sos = signal.butter(order, cutoff, kind, fs=RATE, output="sos")
    return np.asarray(signal.sosfilt(sos, sound), dtype=np.float32)


def circular_filter(
    cycle: Audio, kind: str, cutoff: float | tuple[float, float], order: int = 2
) -> Audio:
    """As ``filtered``, in the steady state of an endlessly repeated ``cycle``."""
    settle = min(samples(_SETTLE_SECONDS), cycle.shape[0])
    run_up = np.concatenate([cycle[-settle:], cycle])
    return filtered(run_up, kind, cutoff, order)[settle:]


def circular_convolve(cycle: Audio, response: Audio) -> Audio:
    """Convolve ``cycle`` with ``response`` and fold what rings over back onto the circle."""
    n = cycle.shape[0]
    total = n + response.shape[0] - 1
    size = fft.next_fast_len(total, real=True)
    product = fft.rfft(cycle, size) * fft.rfft(response, size)
    wet = np.asarray(fft.irfft(product, size)[:total], dtype=np.float32)
    out = wet[:n].copy()
    for start in range(n, total, n):
        part = wet[start : start + n]
        out[: part.shape[0]] += part
    return out


def reverb(cycle: Audio, rng: np.random.Generator, seconds: float, wet: float) -> Audio:
    """A room: noise that decays over ``seconds``, its highs faster; ``wet`` 0..1 is added."""
    n = samples(seconds)
    t = seconds_axis(n)
    raw = noise(rng, n)
    dark = filtered(raw, "lowpass", 2200.0, 1)
    response = dark * np.exp(t * np.float32(-6.9 / seconds))
    response += 0.5 * (raw - dark) * np.exp(t * np.float32(-12.0 / seconds))
    response[: samples(0.012)] = 0.0
    response = filtered(response, "highpass", 180.0)
    response /= np.float32(np.sqrt(np.sum(response**2)) + 1e-9)
    return np.asarray(cycle + np.float32(wet) * circular_convolve(cycle, response))


def echo(cycle: Audio, delay_samples: float, feedback: float, wet: float) -> Audio:
    """Tempo-synced repeats, each darker than the last."""
    out = cycle.copy()
    repeat = circular_filter(cycle, "bandpass", (250.0, 4500.0), 1)
    gain = wet
    for tap in range(1, 6):
        if gain < 0.03:
            break
        out += np.float32(gain) * np.roll(repeat, round(tap * delay_samples))
        gain *= feedback
    return out


def saturate(sound: Audio, drive: float) -> Audio:
    """Soft clipping; ``drive`` 0..1 goes from nearly clean to a fuzz, at about equal level."""
    level = float(np.sqrt(np.mean(sound**2))) + 1e-9
    gain = (0.15 + 2.2 * drive**1.5) / level
    return np.asarray(np.tanh(sound * np.float32(gain)) / np.float32(gain))


def chorus(cycle: Audio, depth_ms: float, turns: int) -> Audio:
    """Two copies on delays that swing ``turns`` times a cycle."""
    n = cycle.shape[0]
    turn = np.linspace(0, 2 * np.pi * turns, n, endpoint=False, dtype=np.float32)
    at = np.arange(n, dtype=np.float64)
    padded = np.concatenate([cycle, cycle[:1]])
    out = 0.7 * cycle
    for shift in (0.0, 2.1):
        delay = (7.0 + depth_ms * (1.0 + np.sin(turn + np.float32(shift)))) * (RATE / 1000)
        place_at = (at - delay) % n
        low = place_at.astype(np.int64)
        blend = (place_at - low).astype(np.float32)
        out += 0.45 * (padded[low] + blend * (padded[low + 1] - padded[low]))
    return np.asarray(out, dtype=np.float32)


def dust(cycle: Audio, rng: np.random.Generator, amount: float) -> Audio:
    """Age it: fewer bits, a dull top, a thin bottom, and a little hiss and crackle."""
    peak = float(np.max(np.abs(cycle))) + 1e-9
    worn = saturate(cycle, 0.25 + 0.4 * amount)
    worn = circular_filter(worn, "bandpass", (55.0, 9500.0 - 5500.0 * amount), 1)
    steps = 2.0 ** (11.0 - 3.0 * amount)
    worn = np.round(worn / peak * steps) / np.float32(steps) * np.float32(peak)
    surface = noise(rng, cycle.shape[0]) * np.float32(0.001 * amount * peak)
    count = int(cycle.shape[0] / RATE * 9 * amount) + 1
    at = rng.integers(0, cycle.shape[0] - 3, count)
    surface[at] += rng.normal(0.0, 0.09 * amount * peak, count).astype(np.float32)
    surface[at + 1] -= 0.6 * surface[at]
    return np.asarray(worn + surface, dtype=np.float32)


def pump(cycle: Audio, starts: list[float], release_samples: float, depth: float) -> Audio:
    """Duck ``cycle`` at each of ``starts`` (samples), as a side-chained compressor would."""
    n = cycle.shape[0]
    dip = np.zeros(n, dtype=np.float32)
    x = np.linspace(0.0, 1.0, samples(release_samples / RATE), dtype=np.float32)
    curve = np.float32(depth) * (1.0 - x) ** 1.6
    fade = samples(0.006)
    curve[:fade] *= np.linspace(0.0, 1.0, min(fade, curve.shape[0]), dtype=np.float32)
    for start in starts:
        place(dip, curve, start)
    return np.asarray(cycle * (1.0 - np.clip(dip, 0.0, 0.95)))
