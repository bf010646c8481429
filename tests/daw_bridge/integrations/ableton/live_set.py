"""A Live set that stands in for Live: tracks, slots, scenes and an arrangement by Live's rules."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import soundfile

from tests.daw_bridge.integrations.ableton.live_clips import ONE_MARKER, Clip, Manner
from tests.daw_bridge.integrations.ableton.stubs import LiveObject, like_live

MAX_BEAT = 1576800.0


class LimitationError(Exception):
    """Live's own, where an edition allows no more."""


class Quantization(int):
    """Live's launch quantization, by its number."""


def _check_file(path: str) -> None:
    try:
        soundfile.info(path)
    except (soundfile.LibsndfileError, OSError) as error:
        raise RuntimeError(f"not a valid audio file: {path}") from error


@like_live("ClipSlot.ClipSlot")
class ClipSlot(LiveObject):
    """A slot of a track."""

    def __init__(self, live_set: LiveSet, track: Track) -> None:
        self._set = live_set
        self._track = track
        self._clip: Clip | None = None

    @property
    def has_clip(self) -> bool:
        return self._clip is not None

    @property
    def clip(self) -> Clip | None:
        return self._clip

    def create_audio_clip(self, path: str) -> Clip:
        if self._clip is not None:
            raise RuntimeError("the slot is not empty")
        self._track._check_takes_audio()
        _check_file(path)
        self._set._check_undo_step()
        self._clip = Clip(self._set, path, self._set._manner, None)
        return self._clip


@like_live("Track.Track")
class Track(LiveObject):
    """A track: audio unless said otherwise."""

    def __init__(self, live_set: LiveSet, name: str, n_slots: int, kind: str = "audio") -> None:
        self._set = live_set
        self._name = name
        self._kind = kind
        self._frozen = False
        self._playing_slot = -1
        self._slots = [ClipSlot(live_set, self) for _ in range(n_slots)]
        self._arrangement: list[Clip] = []

    def _check_takes_audio(self) -> None:
        if self._kind != "audio" or self._frozen:
            raise RuntimeError("not an audio track, or frozen")

    def _cut_under(self, new: Clip) -> None:
        """What a clip of the arrangement covers is cut away, as in Live."""
        begin, end = new._start_time or 0.0, new.end_time
        kept = []
        for clip in self._arrangement:
            start, stop = clip._start_time or 0.0, clip.end_time
            if clip is new or stop <= begin + 1e-6 or start >= end - 1e-6:
                kept.append(clip)
            elif start < begin:
                clip._end_marker -= stop - begin
                kept.append(clip)
        self._arrangement = sorted(kept, key=lambda clip: clip._start_time or 0.0)

    @property
    def name(self) -> str:
        return self._name

    @property
    def is_foldable(self) -> bool:
        return self._kind == "group"

    @property
    def has_midi_input(self) -> bool:
        return self._kind == "midi"

    @property
    def has_audio_input(self) -> bool:
        return self._kind in ("audio", "return")

    @property
    def is_frozen(self) -> bool:
        return self._frozen

    @property
    def playing_slot_index(self) -> int:
        return self._playing_slot

    @property
    def clip_slots(self) -> list[ClipSlot]:
        return list(self._slots)

    @property
    def arrangement_clips(self) -> list[Clip]:
        return list(self._arrangement)

    def create_audio_clip(self, path: str, position: float) -> Clip:
        self._check_takes_audio()
        if not 0 <= position <= MAX_BEAT:
            raise RuntimeError("the position is outside of the arrangement")
        _check_file(path)
        self._set._check_undo_step()
        return self._add(Clip(self._set, path, self._set._manner, position))

    def duplicate_clip_to_arrangement(self, clip: Clip, destination: float) -> Clip:
        copy = Clip(self._set, clip._path, self._set._manner, destination)
        for name, value in vars(clip).items():
            if name not in ("_start_time", "_on_span"):
                setattr(copy, name, list(value) if isinstance(value, list) else value)
        return self._add(copy)

    def delete_clip(self, clip: Clip) -> None:
        if clip not in self._arrangement:
            raise RuntimeError("the clip belongs to another track")
        self._arrangement.remove(clip)
        clip._deleted = True

    def _add(self, clip: Clip) -> Clip:
        self._arrangement.append(clip)
        clip._on_span = self._cut_under
        self._cut_under(clip)
        return clip


@like_live("Scene.Scene")
class Scene(LiveObject):
    """A scene."""

    def __init__(self, live_set: LiveSet) -> None:
        self._set = live_set


@like_live("Song.Song.View")
class SongView(LiveObject):
    """What is selected."""

    def __init__(self, live_set: LiveSet) -> None:
        self._set = live_set
        self._track: Track | None = None
        self._scene: Scene | None = None
        self._detail: Clip | None = None

    @property
    def selected_track(self) -> Track | None:
        return self._track

    @selected_track.setter
    def selected_track(self, value: Track) -> None:
        self._track = value

    @property
    def selected_scene(self) -> Scene | None:
        return self._scene

    @selected_scene.setter
    def selected_scene(self, value: Scene) -> None:
        self._scene = value

    @property
    def detail_clip(self) -> Clip | None:
        return self._detail

    @detail_clip.setter
    def detail_clip(self, value: Clip | None) -> None:
        self._detail = value


@like_live("Song.Song")
class LiveSet(LiveObject):
    """The set; its rules are in ``_check_…``, and what tests move is in ``_…``."""

    def __init__(self, *tracks: str, n_scenes: int = 4, manner: Manner = ONE_MARKER) -> None:
        self._set = self
        self._thread = threading.get_ident()
        self._notifying = False
        self._undo_depth = 0
        self._n_undo_steps = 0
        self._manner = manner
        self._name = ""
        self._tempo = 120.0
        self._meter = (4, 4)
        self._playing = False
        self._time = 0.0
        self._quantization = Quantization(4)
        self._brace: tuple[bool, float, float] = (False, 0.0, 16.0)
        self._scale: tuple[bool, int, str] = (False, 0, "Major")
        self._max_scenes = 8
        self._scenes = [Scene(self) for _ in range(n_scenes)]
        self._returns = [Track(self, "A-Reverb", 0, "return")]
        self._tracks = [Track(self, name, n_scenes) for name in tracks or ("Drums", "Bass")]
        self._view = SongView(self)
        self._view._track, self._view._scene = self._tracks[0], self._scenes[0]

    def _check_thread(self) -> None:
        if threading.get_ident() != self._thread:
            raise RuntimeError("Live may only be used from its main thread")

    def _check_change(self) -> None:
        if self._notifying:
            raise RuntimeError("Changes cannot be triggered by notifications.")

    def _check_undo_step(self) -> None:
        if not self._undo_depth:
            raise AssertionError("a change that is no single step of the undo")

    @contextmanager
    def _notification(self) -> Iterator[None]:
        """While Live tells its listeners of a change."""
        self._notifying = True
        try:
            yield
        finally:
            self._notifying = False

    def _delete_track(self, index: int) -> None:
        gone = self._tracks.pop(index)
        for thing in (gone, *gone._slots, *gone._arrangement):
            thing._deleted = True

    @property
    def name(self) -> str:
        return self._name

    @property
    def tempo(self) -> float:
        return self._tempo

    @property
    def signature_numerator(self) -> int:
        return self._meter[0]

    @property
    def signature_denominator(self) -> int:
        return self._meter[1]

    @property
    def is_playing(self) -> bool:
        return self._playing

    @property
    def current_song_time(self) -> float:
        return self._time

    @property
    def clip_trigger_quantization(self) -> Quantization:
        return self._quantization

    @property
    def loop(self) -> bool:
        return self._brace[0]

    @property
    def loop_start(self) -> float:
        return self._brace[1]

    @property
    def loop_length(self) -> float:
        return self._brace[2]

    @property
    def scale_mode(self) -> bool:
        return self._scale[0]

    @property
    def root_note(self) -> int:
        return self._scale[1]

    @property
    def scale_name(self) -> str:
        return self._scale[2]

    @property
    def tracks(self) -> list[Track]:
        return list(self._tracks)

    @property
    def scenes(self) -> list[Scene]:
        return list(self._scenes)

    @property
    def view(self) -> SongView:
        return self._view

    def create_scene(self, index: int) -> Scene:
        if index != -1 and not 0 <= index <= len(self._scenes):
            raise LimitationError("no such scene")
        if len(self._scenes) >= self._max_scenes:
            raise LimitationError("this edition allows no more scenes")
        self._check_undo_step()
        scene = Scene(self)
        self._scenes.append(scene)
        for track in self._tracks:
            track._slots.append(ClipSlot(self, track))
        return scene

    def begin_undo_step(self) -> None:
        self._undo_depth += 1
        self._n_undo_steps += 1

    def end_undo_step(self) -> None:
        self._undo_depth -= 1


class View:
    """The application's view."""

    def __init__(self) -> None:
        self.focused_document_view = "Session"


class Application:
    """The application: which set is open."""

    def __init__(self, live_set: Any) -> None:
        self._live_set = live_set
        self.view = View()

    def get_document(self) -> Any:
        return self._live_set
