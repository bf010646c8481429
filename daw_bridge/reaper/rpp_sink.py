"""A clip into a Reaper project on disk, whole or not at all, with all else left as it is."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path

from daw_bridge.client.clip_result import ClipResult
from daw_bridge.delivery.folder_sink import save_clip, write_bytes
from daw_bridge.reaper.rpp_map import RppMap
from daw_bridge.reaper.rpp_text import Line, RppText, quoted
from osc_server.contract.errors import BadRequest, StorageFailed
from osc_server.contract.musical_time import Meter

_LEVEL = "VOLPAN 1 0 1 -1"


class RppSink:
    """Puts clips on a track of a project, each as a looped item that begins on a bar.

    What the project had stays as it was, byte for byte, and is kept beside it as ``.rpp-bak``.

    Args:
        project: the ``.rpp`` file; made, in the clip's tempo, where there is none.
        track: the track's name; made where there is none.
        bar: counted from 1; None for the first bar that is free on the track.
        meter: of a project that is made.
        marker: whether a marker with the clip's words is set as well.
    """

    def __init__(
        self,
        project: Path,
        track: str,
        bar: int | None = None,
        meter: Meter | None = None,
        *,
        marker: bool = False,
    ) -> None:
        if project.suffix.lower() != ".rpp":
            raise BadRequest(f"{project.name} must end in .rpp")
        if bar is not None and bar < 1:
            raise BadRequest(f"bar {bar}: bars count from 1")
        self._project = project
        self._track = track
        self._bar = bar
        self._meter = meter or Meter()
        self._marker = marker

    def deliver(self, clip: ClipResult) -> str:
        """Put a clip into the project; the track and the bar, in words.

        Raises:
            BadRequest: where the file is no project, or has another tempo than the clip there.
            StorageFailed: where it cannot be read or written.
        """
        before = self._read()
        text = RppText(before or _empty(clip, self._meter))
        track = next((lines for name, lines in text.tracks() if name == self._track), None)
        tempo = text.map()
        bar = self._bar or tempo.bar_from(_end_of(track or []))
        start, end = _span(tempo, bar, clip, text.rate_hz() or clip.rate_hz)
        wav = self._save(clip, text.media_folder())
        item = _item(clip, start, end, wav)
        if track is None:
            after = text.tracks()
            at = after[-1][1][-1].index + 1 if after else text.end()
            new = [(at, _new_track(self._track, item))]
        else:
            new = [(track[-1].index, _indented(item, 4))]
        if self._marker:
            new.append(_new_marker(text, start, clip))
        self._write(before, text.with_lines(new))
        return f'track "{self._track}", bar {bar} of {self._project.name}'

    def _read(self) -> bytes | None:
        try:
            return self._project.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageFailed(f"{self._project} cannot be read: {error.strerror}") from error

    def _save(self, clip: ClipResult, folder: str) -> str:
        """The clip's WAV among the project's media; its path as the project names it."""
        name = f"{clip.id}.wav"
        path = self._project.parent / folder / name
        if not path.exists():
            save_clip(clip, path)
        return f"{folder.rstrip('/')}/{name}" if folder else name

    def _write(self, before: bytes | None, content: bytes) -> None:
        if self._read() != before:
            raise StorageFailed(
                f"{self._project.name} was saved by somebody else just now: try again"
            )
        if before is not None:
            write_bytes(self._project.with_suffix(f"{self._project.suffix}-bak"), before)
        write_bytes(self._project, content)


def _span(tempo: RppMap, bar: int, clip: ClipResult, rate_hz: int) -> tuple[float, float]:
    """Where the item begins and ends, each on a sample of the project."""
    first = tempo.beats_of_bar(bar)
    start, end = tempo.seconds_at(first), tempo.seconds_at(first + float(clip.beats))
    if abs(end - start - clip.seconds) > 1.5 / rate_hz:
        bpm = float(clip.beats) * 60 / (end - start)
        raise BadRequest(
            f"the project has {bpm:.6g} BPM at bar {bar}, the clip {clip.bpm:.6g}: "
            f"ask for one with --bpm {bpm:.6g}"
        )
    return round(start * rate_hz) / rate_hz, round(end * rate_hz) / rate_hz


def _end_of(track: Sequence[Line]) -> float:
    """Where the last item of a track ends, in seconds."""
    ends, position = [0.0], 0.0
    for line in track:
        if line.path[2:] == ("ITEM",) and line.words[:1] == ("POSITION",):
            position = float(line.words[1])
        elif line.path[2:] == ("ITEM",) and line.words[:1] == ("LENGTH",):
            ends.append(position + float(line.words[1]))
    return max(ends)


def _item(clip: ClipResult, start: float, end: float, wav: str) -> list[str]:
    return [
        "<ITEM",
        f"  POSITION {start:.14g}",
        "  SNAPOFFS 0",
        f"  LENGTH {end - start:.14g}",
        "  LOOP 1",
        "  ALLTAKES 0",
        "  BEAT 2",  # stays on its bar when the tempo changes, and is not stretched
        "  FADEIN 1 0 0 1 0 0 0",
        "  FADEOUT 1 0 0 1 0 0 0",
        "  MUTE 0 0",
        f"  IGUID {_guid()}",
        f"  NAME {quoted(clip.prompt or clip.id)}",
        f"  {_LEVEL}",
        "  SOFFS 0",
        "  PLAYRATE 1 0 0 -1 0 0.0025",
        "  CHANMODE 0",
        f"  GUID {_guid()}",
        "  <SOURCE WAVE",
        f"    FILE {quoted(wav)}",
        "  >",
        ">",
    ]


def _new_track(name: str, item: Sequence[str]) -> list[str]:
    guid = _guid()
    return [
        f"  <TRACK {guid}",
        f"    NAME {quoted(name)}",
        "    VOLPAN 1 0 -1 -1 1",
        "    MUTESOLO 0 0 0",
        "    NCHAN 2",
        f"    TRACKID {guid}",
        "    MAINSEND 1 0",
        *_indented(item, 4),
        "  >",
    ]


def _new_marker(text: RppText, start: float, clip: ClipResult) -> tuple[int, list[str]]:
    markers = text.in_project("MARKER")
    number = max((int(line.words[1]) for line in markers), default=0) + 1
    tracks = text.tracks()
    at = markers[-1].index + 1 if markers else tracks[0][1][0].index if tracks else text.end()
    return at, [f"  MARKER {number} {start:.14g} {quoted(clip.prompt or clip.id)} 0"]


def _empty(clip: ClipResult, meter: Meter) -> bytes:
    """A project in a clip's tempo and at its rate."""
    return (
        '<REAPER_PROJECT 0.1 "6.0" 0\n'
        f"  SAMPLERATE {clip.rate_hz} 1 0\n"
        f"  TEMPO {clip.bpm!r} {meter.numerator} {meter.denominator}\n"
        ">\n"
    ).encode()


def _indented(lines: Sequence[str], by: int) -> list[str]:
    return [" " * by + line for line in lines]


def _guid() -> str:
    return f"{{{str(uuid.uuid4()).upper()}}}"
