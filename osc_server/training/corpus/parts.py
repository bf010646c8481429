"""Plays each kind of part over one cycle."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from osc_server.training.corpus import harmony, patterns
from osc_server.training.corpus.effects import place
from osc_server.training.corpus.fluidsynth import FluidSynth
from osc_server.training.corpus.instruments import drummer, player
from osc_server.training.corpus.oscillators import RATE, Audio
from osc_server.training.corpus.pads import pad_tones
from osc_server.training.corpus.sampled import plays_power_chords, strum_seconds
from osc_server.training.corpus.spec import ClipSpec, PartSpec
from osc_server.training.corpus.wide_tables import (
    BASS_LINES,
    BASS_LINES_IN_THREE,
    DRUM_STYLES_IN_THREE,
)

_LOUDNESS = {
    "kick": 1.0, "snare": 0.8, "clap": 0.72, "rim": 0.5, "hat": 0.34, "open": 0.4, "ride": 0.34,
    "crash": 0.5, "low_tom": 0.75, "high_tom": 0.7, "shaker": 0.3, "cowbell": 0.38, "conga": 0.55,
    "tambourine": 0.32,
}  # fmt: skip

_LOW_E = 40  # the lowest string of a guitar


class Score:
    """The harmony that all parts of a clip share: one chord root for each bar or half bar."""

    def __init__(
        self, spec: ClipSpec, rng: np.random.Generator, soundfont: FluidSynth | None = None
    ) -> None:
        self.spec = spec
        self.soundfont = soundfont
        beats = spec.cycle_bars * spec.beats_per_bar
        halves = spec.beats_per_bar == 4.0 and (spec.cycle_bars == 1 or rng.random() < 0.25)
        self.chord_beats = spec.beats_per_bar / 2 if halves else spec.beats_per_bar
        if spec.kind == "pad" and self.seconds(self.chord_beats) < 1.9 and spec.cycle_bars > 1:
            self.chord_beats = spec.beats_per_bar * 2
        count = round(beats / self.chord_beats)
        self.roots = harmony.progression(spec.mode, count, rng)
        self.tonic = 48 + spec.tonic

    def root_at(self, beat: float) -> int:
        """Scale step of the chord that sounds at ``beat`` of the cycle."""
        return self.roots[int(beat / self.chord_beats + 1e-6) % len(self.roots)]

    def seconds(self, beats: float) -> float:
        """Seconds that ``beats`` last."""
        return beats * self.spec.beat_samples / RATE


def _options(names: Mapping[str, tuple[str, ...]], style: str, fallback: str) -> tuple[str, ...]:
    return names[style] if style in names else names[fallback]


def _one(rng: np.random.Generator, options: tuple[str, ...]) -> str:
    return options[int(rng.integers(len(options)))]


def drum_hits(
    spec: ClipSpec, part: PartSpec, rng: np.random.Generator
) -> list[tuple[str, float, float]]:
    """Every hit of the cycle: piece, beat, velocity."""
    table = patterns.DRUM_STYLES if spec.beats_per_bar == 4.0 else DRUM_STYLES_IN_THREE
    style = table[part.style]
    swing = style.swing if spec.swing is None else spec.swing
    lines = {piece: _one(rng, options) for piece, options in style.lines.items()}
    extras = list((style.extras or {}).items())
    for number, _ in zip(rng.permutation(len(extras)), part.extras, strict=False):
        piece, options = extras[number]
        lines[piece] = _one(rng, options)
    kicks = style.lines.get("kick", ("",))
    second_kick = _one(rng, kicks)
    fill = spec.cycle_bars > 1 and spec.beats_per_bar == 4.0 and rng.random() < 0.45
    hits = []
    for bar in range(spec.cycle_bars):
        for piece, line in lines.items():
            if piece == "crash" and bar:
                continue
            if piece == "kick" and bar % 2 and part.style not in ("house", "disco", "techno"):
                line = second_kick
            if (
                fill
                and bar == spec.cycle_bars - 1
                and piece in ("snare", "clap", "rim")
                and len(line) == 16
            ):
                line = line[:10] + _one(rng, patterns.FILLS["snare"])[10:]
            for step in patterns.read(line, spec.beats_per_bar, swing):
                loud = step.velocity * float(rng.uniform(0.88, 1.0))
                hits.append((piece, bar * spec.beats_per_bar + step.beat, loud))
    return hits


def drums(score: Score, part: PartSpec, rng: np.random.Generator) -> tuple[Audio, list[float]]:
    """The drum cycle, and where its kicks start (samples), for the other parts to duck."""
    spec = score.spec
    kit = drummer(part, rng, score.soundfont)
    out = np.zeros(spec.cycle_samples, dtype=np.float32)
    hits = sorted(drum_hits(spec, part, rng), key=lambda hit: hit[1])
    closing = [beat for piece, beat, _ in hits if piece in ("hat", "open")]
    cycle_beats = spec.cycle_bars * spec.beats_per_bar
    for piece, beat, velocity in hits:
        sound = kit.piece(piece)
        if piece == "open":
            after = [b for b in closing if b > beat] or [closing[0] + cycle_beats]
            length = max(1200, int((after[0] - beat) * spec.beat_samples))
            if length < sound.shape[0]:
                sound = sound[:length].copy()
                sound[-200:] *= np.linspace(1, 0, 200, dtype=np.float32)
        place(out, sound, beat * spec.beat_samples, _LOUDNESS[piece] * velocity**1.4)
    return out, [beat * spec.beat_samples for piece, beat, _ in hits if piece == "kick"]


def bass(score: Score, part: PartSpec, rng: np.random.Generator) -> Audio:
    """One note at a time, low, with a gap before the next."""
    spec = score.spec
    table = BASS_LINES if spec.beats_per_bar == 4.0 else BASS_LINES_IN_THREE
    options = _options(table, part.style, "driving" if spec.beats_per_bar == 4.0 else "waltz")
    lines = [_one(rng, options), _one(rng, options)]
    voice = player(part, rng, score.soundfont)
    out = np.zeros(spec.cycle_samples, dtype=np.float32)
    lowest = 30 if part.sound in ("sub", "808", "reese", "wobble") else 31
    gate_share = 0.5 + 0.42 * part.length
    for bar in range(spec.cycle_bars):
        for step in patterns.read(lines[bar % 2], spec.beats_per_bar, spec.swing or 0.0):
            beat = bar * spec.beats_per_bar + step.beat
            root = score.root_at(beat)
            note = lowest + (score.tonic + harmony.degree(spec.mode, root) - lowest) % 12
            leap = {"5": 7, "8": 12, "7": 10, "3": 0, "n": 0, "a": 12}.get(step.symbol, 0)
            if step.symbol in "3n":
                up = 2 if step.symbol == "3" else (1 if rng.random() < 0.5 else -1)
                leap = harmony.degree(spec.mode, root + up) - harmony.degree(spec.mode, root)
            gate = score.seconds(step.beats * gate_share)
            sound = voice.note(harmony.hertz(note + leap), gate, accent=step.symbol in "87")
            place(out, sound, beat * spec.beat_samples, 1.0 if step.beat == 0 else 0.85)
    return out


def chords(score: Score, part: PartSpec, rng: np.random.Generator) -> Audio:
    """Voiced chords in a rhythm; strummed instruments spread their notes."""
    spec = score.spec
    four = spec.beats_per_bar == 4.0
    table = patterns.CHORD_RHYTHMS if four else patterns.CHORD_RHYTHMS_IN_THREE
    options = _options(table, part.style, "held" if four else "waltz")
    lines = [_one(rng, options), _one(rng, options)]
    size = 4 if spec.genre in ("jazz", "lo-fi hip hop", "deep house", "bossa nova", "garage") else 3
    size = 5 if size == 4 and rng.random() < 0.3 else size
    centre = int(rng.integers(57, 66))
    spread = strum_seconds(part)
    voice = player(part, rng, score.soundfont)
    out = np.zeros(spec.cycle_samples, dtype=np.float32)
    for bar in range(spec.cycle_bars):
        for step in patterns.read(lines[bar % 2], spec.beats_per_bar, spec.swing or 0.0):
            beat = bar * spec.beats_per_bar + step.beat
            beats = step.beats
            pieces = [(beat, beats)]
            if beats > score.chord_beats:
                pieces = [
                    (beat, score.chord_beats),
                    (beat + score.chord_beats, beats - score.chord_beats),
                ]
            for start, held in pieces:
                root = score.root_at(start)
                notes = harmony.chord(spec.mode, root, size, centre, score.tonic)
                if plays_power_chords(part):
                    notes = harmony.power_chord(spec.mode, root, _LOW_E, score.tonic)
                gate = score.seconds(held * (0.55 + 0.4 * part.length))
                for number, note in enumerate(notes):
                    at = start * spec.beat_samples + number * spread * RATE
                    place(out, voice.note(harmony.hertz(note), gate), at, 0.4 * step.velocity)
    return out


def pad(score: Score, part: PartSpec, rng: np.random.Generator) -> Audio:
    """Slow chords that swell into each other."""
    spec = score.spec
    out = np.zeros(spec.cycle_samples, dtype=np.float32)
    centre = int(rng.integers(54, 62))
    per_chord = score.chord_beats * spec.beat_samples
    rise = 0.12 + 0.45 * part.length * (1.6 if part.style == "swelling" else 1.0)
    overlap = int(min(rise * RATE, per_chord * 0.5))
    turn = np.linspace(0, 2 * np.pi * max(1, spec.cycle_bars // 2), out.shape[0], endpoint=False)
    depth = {"still": 0.1, "moving": 0.5, "swelling": 0.3}[part.style]
    move = (0.35 - depth * 0.7 * np.cos(turn)).astype(np.float32)
    made: dict[int, tuple[Audio, Audio]] = {}
    for number, root in enumerate(score.roots):
        start = round(number * per_chord)
        length = round((number + 1) * per_chord) - start + overlap
        if root not in made:
            notes = harmony.chord(spec.mode, root, 4, centre, score.tonic)
            bottom = 40 + (score.tonic + harmony.degree(spec.mode, root) - 40) % 12
            n = round(per_chord) + overlap + 2
            made[root] = pad_tones([bottom, *notes], part, n, rng, score.soundfont)
        dark, light = (tone[:length] for tone in made[root])
        envelope = np.ones(length, dtype=np.float32)
        ramp = np.linspace(0, np.pi / 2, overlap, dtype=np.float32)
        envelope[:overlap] = np.sin(ramp)
        envelope[-overlap:] = np.cos(ramp)
        here = move[(start + np.arange(length)) % out.shape[0]]
        place(out, (dark + here * (light - dark)) * envelope, start)
    return out


def arp(score: Score, part: PartSpec, rng: np.random.Generator) -> Audio:
    """Chord notes one after the other at a steady rate."""
    spec = score.spec
    order, rate = part.style.rsplit(" ", 1) if "triplet" not in part.style else (
        part.style.removesuffix(" 1/8 triplet"), "triplet")  # fmt: skip
    step_beats = {"1/8": 0.5, "1/16": 0.25, "triplet": 1 / 3}[rate]
    octaves = int(rng.integers(1, 3))
    centre = int(rng.integers(60, 70))
    gate = score.seconds(step_beats * (0.4 + 0.5 * part.length))
    broken = rng.permutation(16)
    resting = rng.random(16) < (0.16 if rng.random() < 0.4 else 0.0)
    voice = player(part, rng, score.soundfont)
    out = np.zeros(spec.cycle_samples, dtype=np.float32)
    count = round(spec.cycle_bars * spec.beats_per_bar / step_beats)
    for step in range(count):
        beat = step * step_beats
        if resting[step % 16] and step % 4:
            continue
        notes = harmony.chord(spec.mode, score.root_at(beat), 3, centre, score.tonic)
        ladder = [note + 12 * octave for octave in range(octaves) for note in notes]
        walk = {"down": ladder[::-1], "up and down": ladder + ladder[-2:0:-1]}.get(order, ladder)
        if order == "broken":
            walk = [ladder[place_ % len(ladder)] for place_ in broken[:8]]
        in_chord = round((beat % score.chord_beats) / step_beats)
        sound = voice.note(harmony.hertz(walk[in_chord % len(walk)]), gate)
        late = (spec.swing or 0.0) * step_beats if rate == "1/16" and step % 2 else 0.0
        place(out, sound, (beat + late) * spec.beat_samples, 1.0 if step % 4 == 0 else 0.8)
    return out


def melody(score: Score, part: PartSpec, rng: np.random.Generator) -> Audio:
    """A motif with rests, answered by a variation of itself; strong beats on chord notes."""
    spec = score.spec
    table = (
        patterns.MELODY_RHYTHMS if spec.beats_per_bar == 4.0 else patterns.MELODY_RHYTHMS_IN_THREE
    )
    lines = [_one(rng, table), _one(rng, table)]
    steps = [int(rng.choice((-2, -1, -1, 1, 1, 2, 3, -3))) for _ in range(12)]
    base = 60 if part.sound not in ("flute", "bell") else 67
    voice = player(part, rng, score.soundfont)
    out = np.zeros(spec.cycle_samples, dtype=np.float32)
    for bar in range(spec.cycle_bars):
        answer = bar == spec.cycle_bars - 1 and bar > 0
        here = 4
        for number, step in enumerate(
            patterns.read(
                lines[1 if answer or bar % 2 else 0], spec.beats_per_bar, spec.swing or 0.0
            )
        ):
            beat = bar * spec.beats_per_bar + step.beat
            root = score.root_at(beat)
            move = steps[(number + (5 if answer else 0)) % 12]
            # Turns back at the ends of its range, so that it never sticks to one note.
            here += move if 0 <= here + move <= 9 else -move
            degree = here
            if step.beat % 1.0 == 0.0:
                degree = min(
                    (root + c + 7 * o for c in (0, 2, 4) for o in (-1, 0, 1)),
                    key=lambda d: abs(d - here),
                )
                here = degree
            note = base + spec.tonic % 12 + harmony.degree(spec.mode, degree)
            note -= 12 if note > base + 22 else 0
            gate = score.seconds(step.beats * (0.68 + 0.28 * part.length))
            place(out, voice.note(harmony.hertz(note), gate), beat * spec.beat_samples)
    return out
