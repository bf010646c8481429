"""Warp markers: which beat a moment of a file lies on, and making a clip lie straight.

``create_audio_clip`` treats a file as Live's preferences say: it may stay unwarped, or be
auto-warped to a tempo that Live guessed. What comes from the bridge has one tempo from its first
sample to its last, so its markers are put on one straight line: where that tempo is Live's, every
warp mode that we choose plays the samples as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from Live.Clip import Clip, WarpMarker

MakeMarker = Callable[[float, float], "WarpMarker"]
Point = tuple[float, float]
"""A moment of the file in seconds, and its beat in the clip."""

_SAME_SECONDS = 1e-6
_STRAIGHT_SECONDS = 0.0005
_GRID = 96
"""Parts of a quarter note: lengths lie on them unless they were asked for in seconds."""


class Crooked(Exception):
    """Live did not put the markers where they belong; the text says where they are."""


class Warp:
    """A clip's map from seconds of its file to beats.

    Args:
        markers: the clip's, the hidden one at the end too: it tells the tempo after the last.

    Raises:
        ValueError: for fewer than two markers, which are no map.
    """

    def __init__(self, markers: Sequence[WarpMarker]) -> None:
        if len(markers) < 2:
            raise ValueError("the clip has no warp markers")
        self._points = [(marker.sample_time, marker.beat_time) for marker in markers]

    def beat_at(self, seconds: float) -> float:
        """The beat of a moment of the file."""
        return _on_line(self._points, seconds)

    def seconds_at(self, beat: float) -> float:
        """The moment of the file that a beat plays."""
        return _on_line([(b, s) for s, b in self._points], beat)


def length_in_beats(seconds: float, bpm: float) -> float:
    """How long a clip is, in quarter notes: exact where it was asked for in beats or bars.

    The server rounds to whole samples and says seconds as 32 bits.
    """
    raw = seconds * bpm / 60
    near = round(raw * _GRID) / _GRID
    return near if abs(near - raw) * 60 / bpm < _STRAIGHT_SECONDS and near else raw


def straighten(clip: Clip, bpm: float, beats: float, make_marker: MakeMarker) -> None:
    """Put the markers of a warped clip on one line from its first sample on.

    The last marker lies where the tempo says, not on the last sample: half a sample's difference
    would be a tempo that is nearly, but not quite, the one that was asked for.

    Raises:
        Crooked: where Live has them elsewhere afterwards.
    """
    if _is_straight(clip, bpm, beats, _SAME_SECONDS):
        return
    own: list[WarpMarker] = list(clip.warp_markers)[:-1]
    for marker in reversed(own[1:]):
        clip.remove_warp_marker(marker.beat_time)
    kept = own[0].sample_time if own else None
    if kept is not None:
        distance = kept * bpm / 60 - own[0].beat_time
        if distance:
            clip.move_warp_marker(own[0].beat_time, distance)
    for seconds in (0.0, beats * 60 / bpm):
        if kept is None or abs(seconds - kept) > _SAME_SECONDS:
            clip.add_warp_marker(make_marker(seconds, seconds * bpm / 60))
    if not _is_straight(clip, bpm, beats, _STRAIGHT_SECONDS):
        found = ", ".join(
            f"{m.sample_time:.4g} s on beat {m.beat_time:.4g}" for m in clip.warp_markers
        )
        raise Crooked(f"Live put the warp markers elsewhere ({found})")


def _is_straight(clip: Clip, bpm: float, beats: float, tolerance_seconds: float) -> bool:
    markers: list[WarpMarker] = list(clip.warp_markers)
    if len(markers) < 2:
        return False
    warp, end = Warp(markers), beats * 60 / bpm
    inside = [m.sample_time for m in markers[:-1] if 0 < m.sample_time < end]
    return all(
        abs(warp.beat_at(seconds) * 60 / bpm - seconds) < tolerance_seconds
        for seconds in (0.0, *inside, end)
    )


def _on_line(points: Sequence[Point], x: float) -> float:
    """Where a broken line, drawn on at both ends, is at ``x``."""
    after = next((i for i in range(1, len(points) - 1) if points[i][0] >= x), len(points) - 1)
    (x0, y0), (x1, y1) = points[after - 1], points[after]
    return y0 if x1 == x0 else y0 + (x - x0) * (y1 - y0) / (x1 - x0)
