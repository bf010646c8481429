"""Parts played by a soundfont's instruments: what ``instruments`` and ``drums`` synthesise.

Every note begins where it is heard, so that what is placed on the grid sounds on it.
"""

from __future__ import annotations

import numpy as np

from osc_server.training.corpus.fluidsynth import FluidSynth
from osc_server.training.corpus.oscillators import RATE, Audio, declick, samples
from osc_server.training.corpus.sampled_voices import (
    KIT_BANK,
    PIECE_KEYS,
    SAMPLED_KITS,
    SAMPLED_VOICES,
)
from osc_server.training.corpus.spec import ClipSpec, PartSpec

_ONSET = 0.25  # of the loudest of the first 0.3 s: there a sound is heard to begin
_ONSET_SECONDS = 0.3
_LEAD_SECONDS = 0.003  # kept before it, and faded in
_SILENCE = 0.002  # of the peak: what is quieter at the end is cut off
_END_SECONDS = 0.006
_LONGEST_PIECE_SECONDS = 2.4
_TUNED_CENTS = 150.0  # how far a kit may be tuned up or down


def is_sampled(part: PartSpec) -> bool:
    """Whether a soundfont plays it."""
    return part.sound in SAMPLED_VOICES or part.sound in SAMPLED_KITS


def needs_soundfont(spec: ClipSpec) -> bool:
    """Whether any of its parts is sampled."""
    return any(is_sampled(part) for part in spec.parts)


def strum_seconds(part: PartSpec) -> float:
    """From one note of a chord to the next."""
    if part.sound in SAMPLED_VOICES:
        return SAMPLED_VOICES[part.sound].spread
    return 0.011 if part.sound == "guitar" else 0.0


def heard(sound: Audio) -> Audio:
    """``sound`` from where it is heard to begin until it has died away; peak 1.

    Raises:
        ValueError: it is silent.
    """
    window = samples(0.001)
    early = np.abs(sound[: samples(_ONSET_SECONDS)])
    peak = float(np.max(np.abs(sound), initial=0.0))
    if peak < 1e-5:
        raise ValueError("a sampled note is silent")
    begins = int(np.argmax(early >= _ONSET * early.max()))
    lead = min(begins, samples(_LEAD_SECONDS))
    ends = int(np.flatnonzero(np.abs(sound) > _SILENCE * peak)[-1]) + window
    out = sound[begins - lead : ends] / np.float32(peak)
    # From nothing: half a wave that is cut into would click.
    rise = max(lead, window)
    out[:rise] *= np.sin(np.linspace(0.0, np.pi / 2, rise, dtype=np.float32)) ** 2
    return declick(out, _END_SECONDS)


class SampledInstrument:
    """Renders notes of one part; every distinct note is rendered once and kept."""

    def __init__(self, part: PartSpec, soundfont: FluidSynth) -> None:
        self._voice = SAMPLED_VOICES[part.sound]
        self._octaves = 0 if part.kind == "bass" else self._voice.octaves
        self._length = part.length
        self._velocity = round(56 + 58 * part.bright)
        self._soundfont = soundfont
        self._notes: dict[tuple[int, float, bool], Audio] = {}

    def note(self, hz: float, gate: float, *, accent: bool = False) -> Audio:
        """A note of ``hz`` held for ``gate`` seconds, peak 1."""
        key = round(69.0 + 12.0 * np.log2(hz / 440.0)) + 12 * self._octaves
        name = (key, round(gate, 4), accent)
        if name not in self._notes:
            self._notes[name] = self._render(key, gate, accent)
        return self._notes[name]

    def _render(self, key: int, gate: float, accent: bool) -> Audio:
        voice = self._voice
        held = max(gate, 0.3 + 1.2 * self._length) if voice.rings else gate
        tail = 0.12 + 1.1 * self._length
        velocity = min(127, self._velocity + (13 if accent else 0))
        sound = self._soundfont.note(
            (voice.bank, voice.program), key, velocity, (held, tail), -voice.sharp
        )
        return heard(_let_go(sound, samples(held), samples(tail)))


def _let_go(sound: Audio, held: int, tail: int) -> Audio:
    """Fade out the second half of a tail that would sound on."""
    if sound.shape[0] >= held + tail - samples(0.02):
        n = min(tail // 2, sound.shape[0])
        sound[-n:] *= np.cos(np.linspace(0.0, np.pi / 2, n, dtype=np.float32)) ** 2
    return sound


class SampledKit:
    """Renders the pieces of a kit once each; tuned as a whole, and one of its variants.

    The part's ``length`` shortens its pieces, or lifts what rings (0.5 is the kit as recorded).
    """

    def __init__(self, part: PartSpec, rng: np.random.Generator, soundfont: FluidSynth) -> None:
        kit = SAMPLED_KITS[part.sound]
        self._preset = (KIT_BANK, kit.programs[int(rng.integers(len(kit.programs)))])
        self._keys = PIECE_KEYS | dict(kit.keys)
        self._cents = float(rng.uniform(-_TUNED_CENTS, _TUNED_CENTS))
        self._velocity = round(90 + 37 * part.bright)
        self._length = part.length
        self._soundfont = soundfont
        self._made: dict[str, Audio] = {}

    def piece(self, name: str) -> Audio:
        """The sound of one piece at full velocity, peak 1."""
        if name not in self._made:
            seconds = (_LONGEST_PIECE_SECONDS, 0.1)
            sound = self._soundfont.note(
                self._preset, self._keys[name], self._velocity, seconds, self._cents
            )
            self._made[name] = heard(_sized(sound, self._length))
        return self._made[name]


def _sized(sound: Audio, length: float) -> Audio:
    """Fall off sooner (``length`` under 0.5), or lift what follows the attack (over it)."""
    t = np.arange(sound.shape[0], dtype=np.float32) / np.float32(RATE)
    if length < 0.5:
        fall = 0.05 * 2.0 ** (10.0 * length)  # 0.05 s to 1.6 s to a tenth
        return np.asarray(sound * np.exp(-2.3 * t / np.float32(fall)))
    lifted = 1.0 + 2.0 * (length - 0.5) * (1.0 - np.exp(-t / np.float32(0.06)))
    return np.asarray(sound * lifted.astype(np.float32))
