"""Parts played by a soundfont's instruments: what ``instruments`` and ``drums`` synthesise.

Every note begins where it is heard, so that what is placed on the grid sounds on it.
"""

from __future__ import annotations

import numpy as np

from osc_server.training.corpus.effects import circular_filter
from osc_server.training.corpus.fluidsynth import FluidSynth
from osc_server.training.corpus.oscillators import Audio, declick, samples, seconds_axis
from osc_server.training.corpus.sampled_voices import (
    KIT_BANK,
    PIECE_KEYS,
    POWERED,
    SAMPLED_KITS,
    SAMPLED_VOICES,
)
from osc_server.training.corpus.spec import ClipSpec, PartSpec

_PIECE_ONSET = 0.35
_ONSET_SECONDS = 0.3  # the early peak is looked for in so much
_LEAD_SECONDS = 0.003  # kept before it, and faded in
_SHORTEST_RISE = 8  # samples
_SILENCE = 0.002  # of the peak: what is quieter at the end is cut off
_END_SECONDS = 0.006
_LONGEST_PIECE_SECONDS = 2.4
_DAMPED_SECONDS = {"ride": 0.9}  # it would ring into a drone
_AS_RECORDED = 0.3  # the brightness from which nothing is taken away
_TUNED_CENTS = 150.0  # how far a kit may be tuned up or down


def is_sampled(part: PartSpec) -> bool:
    """Whether a soundfont plays it."""
    return part.sound in SAMPLED_VOICES or part.sound in SAMPLED_KITS


def needs_soundfont(spec: ClipSpec) -> bool:
    """Whether any of its parts is sampled."""
    return any(is_sampled(part) for part in spec.parts)


def plays_power_chords(part: PartSpec) -> bool:
    """Whether its chords have no thirds, which its distortion would turn to mud."""
    return part.sound in POWERED and part.kind == "chords"


def strum_seconds(part: PartSpec) -> float:
    """From one note of a chord to the next."""
    if part.sound in SAMPLED_VOICES:
        return SAMPLED_VOICES[part.sound].spread
    return 0.011 if part.sound == "guitar" else 0.0


def heard(sound: Audio, onset: float) -> Audio:
    """``sound`` from where it reaches ``onset`` of its early peak until it has died away; peak 1.

    Raises:
        ValueError: it is silent.
    """
    early = np.abs(sound[: samples(_ONSET_SECONDS)])
    peak = float(np.max(np.abs(sound), initial=0.0))
    if peak < 1e-5:
        raise ValueError("a sampled note is silent")
    begins = int(np.argmax(early >= onset * early.max()))
    lead = min(begins, samples(_LEAD_SECONDS))
    ends = int(np.flatnonzero(np.abs(sound) > _SILENCE * peak)[-1]) + samples(0.001)
    out = sound[begins - lead : ends] / np.float32(peak)
    # From nothing: a wave that is cut into would click.
    rise = max(lead, _SHORTEST_RISE)
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
        while key > self._voice.highest:
            key -= 12
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
            (voice.bank, voice.program), key, velocity, (held, tail), voice.flat
        )
        return heard(_let_go(sound, samples(held), samples(tail)), voice.onset)


def _let_go(sound: Audio, held: int, tail: int) -> Audio:
    """Fade out the second half of a tail that would sound on."""
    if sound.shape[0] >= held + tail - samples(0.02):
        n = min(tail // 2, sound.shape[0])
        sound[-n:] *= np.cos(np.linspace(0.0, np.pi / 2, n, dtype=np.float32)) ** 2
    return sound


class SampledDrums:
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
            sound = _sized(sound, self._length)
            if name in _DAMPED_SECONDS:
                sound = _damped(sound, _DAMPED_SECONDS[name])
            self._made[name] = heard(sound, _PIECE_ONSET)
        return self._made[name]


def _sized(sound: Audio, length: float) -> Audio:
    """Fall off sooner (``length`` under 0.5), or lift what follows the attack (over it)."""
    if length < 0.5:
        return _damped(sound, 0.05 * 2.0 ** (10.0 * length))  # 0.05 to 1.6 s
    after = 1.0 - np.exp(-seconds_axis(sound.shape[0]) / np.float32(0.06))
    return np.asarray(sound * (1.0 + np.float32(2.0 * (length - 0.5)) * after))


def _damped(sound: Audio, seconds: float) -> Audio:
    """Fallen to a tenth after ``seconds``, beside how it falls by itself."""
    return np.asarray(sound * np.exp(seconds_axis(sound.shape[0]) * np.float32(-2.3 / seconds)))


def toned(cycle: Audio, part: PartSpec) -> Audio:
    """The cycle of a sampled part as muffled or as crisp as the part is to be."""
    if part.bright > 0.8:
        return np.asarray(cycle + 0.9 * circular_filter(cycle, "highpass", 3000.0, 1))
    if part.bright > _AS_RECORDED:
        return cycle
    lowest = 1800.0 if part.kind == "drums" else 700.0
    return circular_filter(cycle, "lowpass", lowest * 2.0 ** (10.0 * part.bright), 2)
