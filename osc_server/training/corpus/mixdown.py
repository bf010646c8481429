"""From parts to a finished cycle: each part's effects, the balance, the level."""

from __future__ import annotations

import numpy as np

from osc_server.training.corpus import parts
from osc_server.training.corpus.effects import (
    chorus,
    circular_filter,
    dust,
    echo,
    pump,
    reverb,
    saturate,
)
from osc_server.training.corpus.fluidsynth import FluidSynth
from osc_server.training.corpus.oscillators import RATE, Audio
from osc_server.training.corpus.sampled import is_sampled, needs_soundfont, toned
from osc_server.training.corpus.sfx import sound_effect
from osc_server.training.corpus.soundfonts import find_soundfont, opened
from osc_server.training.corpus.spec import ClipSpec, PartSpec
from osc_server.training.corpus.wide import PUMPED, is_full

PEAK = 0.9
TARGET_DB = -16.0
_BALANCE = {
    "drums": 1.0,
    "bass": 0.75,
    "chords": 0.5,
    "pad": 0.42,
    "arp": 0.42,
    "melody": 0.5,
    "sfx": 0.5,
}
_MAKES_ROOM = 0.35  # how far the bass of a full mix ducks under the kick where nothing pumps


def loudness_db(cycle: Audio) -> float:
    """RMS in dB after a high-pass at 60 Hz and a 3 dB high shelf, over the parts that sound.

    A simple reading of BS.1770: blocks of 0.1 s more than 15 dB below the loudest don't count.
    """
    weighed = circular_filter(cycle, "highpass", 45.0, 1)
    weighed = weighed + 0.4 * (weighed - circular_filter(weighed, "lowpass", 1500.0, 1))
    block = RATE // 10
    count = max(1, weighed.shape[0] // block)
    power = np.mean(weighed[: count * block].reshape(count, -1) ** 2, axis=1)
    loud = power[power > power.max() * 10**-1.5]
    return float(10 * np.log10(np.mean(loud) + 1e-12))


def limit(cycle: Audio) -> Audio:
    """Bend what exceeds 0.55 so that nothing exceeds the peak."""
    knee = np.float32(0.55)
    room = np.float32(PEAK) - knee
    over = np.maximum(np.abs(cycle) - knee, 0.0)
    return np.asarray(
        np.sign(cycle) * (np.minimum(np.abs(cycle), knee) + room * np.tanh(over / room))
    )


def normalise(cycle: Audio) -> Audio:
    """Bring ``cycle`` to about -16 dB, without DC, its peaks at most 0.9."""
    out = cycle - np.float32(np.mean(cycle))
    out = out * np.float32(10 ** ((TARGET_DB - loudness_db(out)) / 20))
    peak = float(np.max(np.abs(out)))
    if peak > 2.5:
        # More than bending can hide: give up some level instead.
        out = out * np.float32(2.5 / peak)
    out = limit(out)
    return np.asarray(out - np.float32(np.mean(out)))


def _tilted(cycle: Audio, bright: float) -> Audio:
    if bright < 0.2:
        return circular_filter(cycle, "lowpass", 2500.0, 1)
    if bright > 0.8:
        return np.asarray(cycle + 0.9 * circular_filter(cycle, "highpass", 3000.0, 1))
    return cycle


def _coloured(cycle: Audio, spec: ClipSpec, part: PartSpec, rng: np.random.Generator) -> Audio:
    if part.kind not in ("drums", "sfx") and part.drive > 0.12:
        cycle = saturate(cycle, part.drive if part.drive > 0.8 else part.drive * 0.5)
    if part.sound in ("rhodes", "strings", "vocal", "brass") or (
        part.kind == "pad" and part.bright > 0.5 and not is_sampled(part)
    ):
        cycle = chorus(cycle, 2.5, 2 * spec.cycle_bars)
    if part.kind == "sfx":
        cycle = _tilted(cycle, part.bright)
    elif is_sampled(part):
        cycle = toned(cycle, part)
    if part.echo > 0.0:
        beats = 0.75 if spec.beats_per_bar == 4.0 else 0.5
        cycle = echo(cycle, beats * spec.beat_samples, 0.5, part.echo)
    if part.space > 0.12:
        longest, loudest = (1.6, 0.5) if part.kind in ("pad", "sfx", "melody") else (0.9, 0.38)
        seconds = 0.3 + longest * part.space**2
        cycle = reverb(cycle, rng, seconds, 0.1 + loudest * part.space**1.5)
    if part.dust > 0.0:
        cycle = dust(cycle, rng, part.dust)
    return cycle


def _level(cycle: Audio) -> Audio:
    return np.asarray(cycle / np.float32(10 ** (loudness_db(cycle) / 20) + 1e-6))


def mix_cycle(spec: ClipSpec, soundfont: FluidSynth | None = None) -> Audio:
    """One finished cycle of ``spec``, ``[cycle_samples]``; its end meets its start.

    Sampled parts are played from ``soundfont``, or from the one that is found.

    Raises:
        SamplerUnavailable: a part is sampled, and the soundfont or its player aren't there.
    """
    rng = np.random.Generator(np.random.PCG64([spec.seed, 1]))
    if soundfont is None and needs_soundfont(spec):
        soundfont = opened(find_soundfont())
    score = parts.Score(spec, rng, soundfont)
    kicks: list[float] = []
    cycles: list[tuple[PartSpec, Audio]] = []
    for part in spec.parts:
        if part.kind == "drums":
            dry, kicks = parts.drums(score, part, rng)
        elif part.kind == "sfx":
            dry = sound_effect(spec, part, rng)
        else:
            dry = getattr(parts, part.kind)(score, part, rng)
        cycles.append((part, _coloured(dry, spec, part, rng)))
    if len(cycles) == 1:
        return normalise(cycles[0][1])
    total = np.zeros(spec.cycle_samples, dtype=np.float32)
    for part, wet in cycles:
        if kicks and spec.genre in PUMPED and part.kind != "drums":
            wet = pump(wet, kicks, 0.8 * spec.beat_samples, 0.75)
        elif kicks and part.kind == "bass" and spec.revision > 1 and is_full(spec):
            wet = pump(wet, kicks, 0.4 * spec.beat_samples, _MAKES_ROOM)
        total += np.float32(_BALANCE[part.kind]) * _level(wet)
    return normalise(total)
