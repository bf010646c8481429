"""The texture of a pad: one chord, held, in a dark and a bright tone to move between."""

from __future__ import annotations

import numpy as np
from scipy import fft

from osc_server.training.corpus import harmony
from osc_server.training.corpus.effects import filtered
from osc_server.training.corpus.fluidsynth import FluidSynth
from osc_server.training.corpus.instruments import player
from osc_server.training.corpus.oscillators import RATE, Audio, harmonics, low_pass_response
from osc_server.training.corpus.sampled import is_sampled
from osc_server.training.corpus.spec import PartSpec

_PAD_WAVES = {
    "warm": "saw",
    "strings": "saw",
    "dark": "hollow",
    "glass": "triangle",
    "vocal": "vocal",
}


def _synthesised(
    notes: list[int], part: PartSpec, n: int, rng: np.random.Generator
) -> tuple[Audio, Audio]:
    """A dark and a bright texture ``[n]`` of ``notes``, by the PADsynth algorithm (N. O. Paul).

    Each harmonic is a narrow bell of random phases in one long spectrum.
    """
    size = fft.next_fast_len(n, real=True)
    bins = size // 2 + 1
    dark = np.zeros(bins)
    light = np.zeros(bins)
    cents = {"glass": 9.0, "strings": 26.0}.get(part.sound, 18.0)
    for note in notes:
        hz = harmony.hertz(note)
        spectrum = harmonics(hz, _PAD_WAVES[part.sound])[:48]
        if part.sound == "glass":
            spectrum = spectrum + np.where(np.arange(1, len(spectrum) + 1) % 4 == 0, 0.12, 0.0)
        low = 250.0 * 2.0 ** (2.4 * part.bright)
        responses = [low_pass_response(hz, len(spectrum), c, 0.05) for c in (low, low * 3.5)]
        for k, amplitude in enumerate(spectrum, start=1):
            centre = k * hz * size / RATE
            width = max(1.2, centre * (2 ** (cents / 1200) - 1))
            first, last = int(centre - 3 * width), min(bins, int(centre + 3 * width) + 2)
            if first >= bins:
                break
            bell = np.exp(-(((np.arange(first, last) - centre) / width) ** 2)) / np.sqrt(width)
            dark[first:last] += bell * amplitude * responses[0][k - 1]
            light[first:last] += bell * amplitude * responses[1][k - 1]
    turn = np.exp(2j * np.pi * rng.random(bins)).astype(np.complex64)
    tones = [
        np.asarray(fft.irfft((shape * turn).astype(np.complex64), size)[:n])
        for shape in (dark, light)
    ]
    return tones[0], tones[1]


def _played(
    notes: list[int],
    part: PartSpec,
    n: int,
    rng: np.random.Generator,
    soundfont: FluidSynth | None,
) -> Audio:
    voice = player(part, rng, soundfont)
    chord = np.zeros(n, dtype=np.float32)
    for note in notes:
        sound = voice.note(harmony.hertz(note), n / RATE)[:n]
        chord[: sound.shape[0]] += sound
    return chord


def pad_tones(
    notes: list[int],
    part: PartSpec,
    n: int,
    rng: np.random.Generator,
    soundfont: FluidSynth | None,
) -> tuple[Audio, Audio]:
    """A dark and a bright texture ``[n]`` of ``notes`` (MIDI numbers)."""
    if not is_sampled(part):
        return _synthesised(notes, part, n, rng)
    light = _played(notes, part, n, rng, soundfont)
    return filtered(light, "lowpass", 500.0 * 2.0 ** (2.4 * part.bright), 1), light
