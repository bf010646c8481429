"""Audio clips of the stand-in: warp markers, loop and length by Live's rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import soundfile

from tests.daw_bridge.integrations.ableton.stubs import LiveObject, like_live

SHADOW_BEATS = 1 / 32


class WarpMode(int):
    """Live's warp modes, by their numbers."""


WARP_MODES = {"beats": WarpMode(0), "tones": WarpMode(1), "texture": WarpMode(2)}


@dataclass(frozen=True)
class WarpMarker:
    """A moment of the file in seconds, and its beat."""

    sample_time: float
    beat_time: float


@dataclass(frozen=True)
class Manner:
    """What Live's preferences make of a new file.

    Attributes:
        warped: whether it is warped at once.
        bpm: the tempo that Live guesses.
        offset: where Live hears the first beat, in seconds of the file.
        n_markers: how many markers it sets.
    """

    warped: bool
    bpm: float = 100.0
    offset: float = 0.0
    n_markers: int = 1


UNWARPED = Manner(False)
ONE_MARKER = Manner(True)
AUTO_WARPED = Manner(True, bpm=87.3, offset=0.021, n_markers=4)


@like_live("Clip.Clip")
class Clip(LiveObject):
    """An audio clip of a file that is there."""

    def __init__(self, live_set: Any, path: str, manner: Manner, start: float | None) -> None:
        self._set = live_set
        self._path = path
        info = soundfile.info(path)
        self._n_samples, self._rate = info.frames, info.samplerate
        self._name = ""
        self._warping = manner.warped
        self._mode = WarpMode(0)
        self._guess = manner
        self._markers: list[tuple[float, float]] = []
        self._looping = False
        self._start_marker, self._end_marker = 0.0, self._seconds
        self._loop: tuple[float, float] = (0.0, self._seconds)
        self._start_time = start
        self._on_span: Callable[[Clip], None] = lambda _: None
        if manner.warped:
            self._warp()
            self._looping = start is None

    @property
    def _seconds(self) -> float:
        return self._n_samples / self._rate

    def _warp(self) -> None:
        guess = self._guess
        self._markers = []
        for i in range(guess.n_markers):
            seconds = guess.offset + i * self._seconds / 8
            wobble = 0.01 * i * i
            self._markers.append((seconds, (seconds - guess.offset) * guess.bpm / 60 + wobble))
        beats = self._seconds * guess.bpm / 60
        self._start_marker, self._end_marker = 0.0, beats
        self._loop = (0.25, beats)

    def _with_shadow(self) -> list[tuple[float, float]]:
        if len(self._markers) > 1:
            (s0, b0), (s1, b1) = self._markers[-2:]
            seconds_a_beat = (s1 - s0) / (b1 - b0)
        else:
            seconds_a_beat = 60 / self._guess.bpm
        seconds, beat = self._markers[-1]
        shadow = (seconds + SHADOW_BEATS * seconds_a_beat, beat + SHADOW_BEATS)
        return [*self._markers, shadow]

    def _need_warp(self) -> None:
        if not self._warping:
            raise RuntimeError("the sample is not warped")

    def _put(self, markers: list[tuple[float, float]]) -> None:
        markers = sorted(markers)
        for (s0, b0), (s1, b1) in pairwise(markers):
            if s1 - s0 < 1e-9 or b1 - b0 < 1e-9:
                raise RuntimeError("warp markers must rise in time and in beats")
        self._markers = markers

    def _index(self, beat: float) -> int:
        for index, (_, at) in enumerate(self._markers):
            if abs(at - beat) < 1e-6:
                return index
        raise RuntimeError(f"there is no warp marker on beat {beat}")

    # What follows is Live's.

    @property
    def name(self) -> str:
        return self._name

    @name.setter
    def name(self, value: str) -> None:
        self._name = value

    @property
    def file_path(self) -> str:
        return self._path

    @property
    def is_audio_clip(self) -> bool:
        return True

    @property
    def is_recording(self) -> bool:
        return False

    @property
    def is_arrangement_clip(self) -> bool:
        return self._start_time is not None

    @property
    def sample_length(self) -> int:
        return self._n_samples

    @property
    def sample_rate(self) -> float:
        return float(self._rate)

    @property
    def warping(self) -> bool:
        return self._warping

    @warping.setter
    def warping(self, value: bool) -> None:
        if value and not self._warping:
            self._warp()
        self._warping = bool(value)

    @property
    def warp_mode(self) -> WarpMode:
        return self._mode

    @warp_mode.setter
    def warp_mode(self, value: WarpMode) -> None:
        self._need_warp()
        self._mode = value

    @property
    def warp_markers(self) -> list[WarpMarker]:
        self._need_warp()
        return [WarpMarker(*marker) for marker in self._with_shadow()]

    def add_warp_marker(self, marker: WarpMarker) -> None:
        self._need_warp()
        self._put([*self._markers, (marker.sample_time, marker.beat_time)])

    def move_warp_marker(self, beat: float, distance: float) -> None:
        self._need_warp()
        index = self._index(beat)
        seconds, at = self._markers[index]
        rest = self._markers[:index] + self._markers[index + 1 :]
        self._put([*rest, (seconds, at + distance)])

    def remove_warp_marker(self, beat: float) -> None:
        self._need_warp()
        if len(self._markers) == 1:
            raise RuntimeError("the last warp marker stays")
        del self._markers[self._index(beat)]

    @property
    def looping(self) -> bool:
        return self._looping

    @looping.setter
    def looping(self, value: bool) -> None:
        if value and not self._warping:
            raise RuntimeError("only warped audio clips can be looped")
        self._looping = bool(value)

    @property
    def loop_start(self) -> float:
        return self._loop[0] if self._looping else self._start_marker

    @loop_start.setter
    def loop_start(self, value: float) -> None:
        if value >= self.loop_end:
            raise RuntimeError("the loop would begin behind its end")
        if self._looping:
            self._loop = (value, self._loop[1])
        else:
            self._start_marker = value
        self._on_span(self)

    @property
    def loop_end(self) -> float:
        return self._loop[1] if self._looping else self._end_marker

    @loop_end.setter
    def loop_end(self, value: float) -> None:
        if value <= self.loop_start:
            raise RuntimeError("the loop would end before it begins")
        if self._looping:
            self._loop = (self._loop[0], value)
        else:
            self._end_marker = value
        self._on_span(self)

    @property
    def start_marker(self) -> float:
        return self._start_marker

    @start_marker.setter
    def start_marker(self, value: float) -> None:
        if value >= self._end_marker:
            raise RuntimeError("the clip would begin behind its end")
        self._start_marker = value

    @property
    def end_marker(self) -> float:
        return self._end_marker

    @end_marker.setter
    def end_marker(self, value: float) -> None:
        if value <= self._start_marker:
            raise RuntimeError("the clip would end before it begins")
        self._end_marker = value

    @property
    def start_time(self) -> float:
        return self._start_time or 0.0

    @property
    def end_time(self) -> float:
        if self._start_time is None:
            return self.loop_end
        length = self._end_marker - self._start_marker
        if not self._warping:
            length *= self._set._tempo / 60
        return self._start_time + length
