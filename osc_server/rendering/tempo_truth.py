"""Tempo truth: a take is at the host's tempo, and its bar begins where the loop begins.

Only what has a clear beat is touched. A model that has the tempo as an input is believed within
1 %, and its samples stay as they are; any other take is stretched, within 12 %, and turned to its
beat. A loop of drums whose bar clearly begins elsewhere is turned by whole sixteenths, which on a
circle loses nothing. Whatever was stretched is measured again before it is believed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from osc_server.contract.requests import GenerateClip
from osc_server.rendering.bands import Levels, band_levels_db
from osc_server.rendering.conform import ALIKE, stretch, stretch_circle
from osc_server.rendering.downbeat import PLACES_PER_BAR, find_downbeat
from osc_server.rendering.finishing import Finished, Target, set_loudness
from osc_server.rendering.onsets import first_beat_seconds
from osc_server.rendering.plan import Audio, Codes
from osc_server.rendering.tempo import NO_TEMPO, Tempo, measure_tempo

CLEAR_BEAT = 0.4
"""Confidence from which a take is rhythmic: pads, effects, soft chords measure less."""
MAX_CONFORM = 0.12
"""How far a take is stretched at most, as a share of its tempo; beyond it other seeds are tried."""
_BELIEVED = 0.01  # a model whose tempo is an input is, within 1 %
_IN_TIME = 0.005  # what was stretched is measured this near, or it was in vain
_ON_THE_BEAT_SECONDS = 0.010
_LEAST_MARGIN = 0.05  # of a bar's other beginning: of corpus drums 95 % stay where they are
_BELIEVED_MARGIN = 0.12  # where the model was told where its bars begin: less is often mistaken
_CODES_SECONDS = 0.001  # codes turned to the nearest frame are as near to their audio as this
_BEATS_PER_BAR = 4


@dataclass(frozen=True, slots=True)
class Timed:
    """A finished take at the host's tempo, or as it was.

    Attributes:
        finished: its audio, of the same length as it was.
        tempo: measured at the end.
        stretch: tempo as drawn over tempo asked; 1 where it was not stretched.
        turned_beats: quarter notes by which it was turned back.
        off_bpm: the tempo that it has where it could not be conformed; 0 where all is well.
        levels: its ``band_levels_db``; None where its audio was changed since they were taken.
    """

    finished: Finished
    tempo: Tempo = NO_TEMPO
    stretch: float = 1.0
    turned_beats: float = 0.0
    off_bpm: float = 0.0
    levels: Levels | None = None


def set_in_time(request: GenerateClip, finished: Finished, *, knows_tempo: bool) -> Timed:
    """Conform a take that was made from words, and turn its bar to its start.

    Args:
        request: asks for ``conform``, or nothing is done.
        finished: the take.
        knows_tempo: whether the model that drew it had the tempo as an input.
    """
    rate_hz, bpm, loop = request.rate_hz, request.bpm, request.loop
    levels = band_levels_db(finished.audio, rate_hz, loop=loop)
    tempo = measure_tempo(finished.audio, rate_hz, bpm, loop=loop, levels=levels)
    as_it_is = Timed(finished, tempo, levels=levels)
    if not request.conform or request.start is not None or tempo.confidence < CLEAR_BEAT:
        return as_it_is
    ratio = tempo.bpm / bpm
    timed = as_it_is
    if abs(ratio - 1) > (_BELIEVED if knows_tempo else ALIKE):
        conformed = _conformed(request, finished, ratio)
        if conformed is None:
            return replace(as_it_is, off_bpm=tempo.bpm)
        timed = conformed
    if loop and not knows_tempo:
        timed = _on_the_beat(request, timed)
    least = _BELIEVED_MARGIN if knows_tempo else _LEAST_MARGIN
    return _on_the_bar(request, timed, least) if loop else timed


def turned_codes(codes: Codes, timed: Timed, request: GenerateClip) -> tuple[Codes, bool]:
    """A take's codes turned as its audio was, to the nearest frame.

    Args:
        codes: ``[K, n_frames]``, one turn of a loop, or a line.
        timed: what was done to its audio.
        request: how long it is.

    Returns:
        The codes, and whether they are that audio, within a millisecond.
    """
    exact = timed.turned_beats / float(request.length_beats) * codes.shape[1]
    seconds_per_frame = len(timed.finished.audio) / request.rate_hz / codes.shape[1]
    apart_seconds = abs(exact - round(exact)) * seconds_per_frame
    turned = np.roll(codes, -round(exact), axis=1)
    return turned, timed.stretch == 1.0 and apart_seconds <= _CODES_SECONDS


def _conformed(request: GenerateClip, finished: Finished, ratio: float) -> Timed | None:
    """Stretched to the host's tempo; None where that is too far, or does not help."""
    audio, rate_hz = finished.audio, request.rate_hz
    if abs(ratio - 1) > MAX_CONFORM or (ratio < 1 and not request.loop):
        return None  # a faster line would end before its time
    if request.loop:
        stretched = stretch_circle(audio, rate_hz, ratio, len(audio))
    else:
        stretched = stretch(audio, rate_hz, round(len(audio) * ratio))[: len(audio)]
    tempo = measure_tempo(stretched, rate_hz, request.bpm, loop=request.loop)
    if abs(tempo.bpm / request.bpm - 1) > _IN_TIME:
        return None
    drawn_bpm = ratio * request.bpm
    note = f"It was stretched from {drawn_bpm:.1f} to {request.bpm:g} bpm."
    return Timed(_again_as_loud(request, finished, stretched, note), tempo, ratio)


def _again_as_loud(request: GenerateClip, finished: Finished, audio: Audio, note: str) -> Finished:
    target = Target(
        len(audio), request.rate_hz, audio.shape[1], request.loop, request.loudness_lufs
    )
    level = set_loudness(audio, target)
    return replace(level, notes=tuple(dict.fromkeys((*finished.notes, *level.notes, note))))


def _on_the_beat(request: GenerateClip, timed: Timed) -> Timed:
    """Turned so that beats fall on beats, where the model did not know where they are."""
    audio, beat = timed.finished.audio, 60 / request.bpm
    late = first_beat_seconds(audio, request.rate_hz, request.bpm, loop=True)
    if not _ON_THE_BEAT_SECONDS < late < beat - _ON_THE_BEAT_SECONDS:
        return timed
    late = late if late < beat / 2 else late - beat
    return _turned(timed, round(late * request.rate_hz), late / beat, "to its beat")


def _on_the_bar(request: GenerateClip, timed: Timed, least_margin: float) -> Timed:
    """Turned so that the bar begins the loop, where that is clear."""
    n_bars = request.length_beats / _BEATS_PER_BAR
    placed = any(part.from_bar > 0 or part.to_bar is not None for part in request.mix)
    in_four = str(request.meter) == "4/4" and n_bars.denominator == 1
    if not in_four or placed or request.hint is not None:
        return timed
    audio = timed.finished.audio
    found = find_downbeat(audio, request.rate_hz, int(n_bars), timed.levels)
    if not found.is_drums or found.margin < least_margin:
        return timed
    beats = found.place * _BEATS_PER_BAR / PLACES_PER_BAR
    n_samples = round(len(audio) * found.place / (int(n_bars) * PLACES_PER_BAR))
    return _turned(timed, n_samples, beats, "so that its bar begins the loop")


def _turned(timed: Timed, n_samples: int, beats: float, why: str) -> Timed:
    finished = timed.finished
    note = f"It was turned by {beats:.3g} beats, {why}."
    turned = replace(
        finished,
        audio=np.roll(finished.audio, -n_samples, axis=0),
        notes=(*finished.notes, note),
    )
    turned_beats = timed.turned_beats + beats
    return replace(timed, finished=turned, turned_beats=turned_beats, levels=None)
