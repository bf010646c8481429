"""A closed Ardour session: what is in its file, and putting regions into it."""

from __future__ import annotations

import difflib
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from daw_bridge.delivery.ardour.elements import NewRegion, SourceFile, region_xml, source_xml
from daw_bridge.delivery.ardour.tempo_map import TempoMap
from daw_bridge.delivery.ardour.xml_edit import Place, XmlEdit
from osc_server.contract.errors import BadRequest, StorageFailed

SUPERCLOCKS_PER_SECOND = 282_240_000
_OLDEST = 7000


@dataclass(frozen=True, slots=True)
class Track:
    """An audio track of a session."""

    name: str
    playlist: str
    n_channels: int


class ArdourSession:
    """The file of a session as it was read.

    Args:
        path: the session's folder, or its ``.ardour`` file.

    Raises:
        BadRequest: where that is no session of Ardour 7 or newer.
        StorageFailed: where it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = _file_of(path)
        try:
            self.content = self.path.read_bytes()
            self._root = ET.fromstring(self.content)
        except OSError as error:
            raise StorageFailed(f"{self.path} cannot be read: {error.strerror}") from error
        except ET.ParseError as error:
            raise BadRequest(f"{self.path} is not an Ardour session: {error}") from error
        if self._root.tag != "Session" or int(self._root.get("version", "0")) < _OLDEST:
            raise BadRequest(
                f"{self.path} is not a session of Ardour 7 or newer: open it there and save it"
            )
        self.name = self._root.get("name", self.path.stem)
        self.rate_hz = int(self._root.attrib["sample-rate"])
        self.tempo_map = TempoMap.read(self._root)

    @property
    def tracks(self) -> list[Track]:
        """Its audio tracks, in order."""
        return [
            Track(
                route.get("name", ""),
                route.attrib["audio-playlist"],
                len(route.findall("IO[@direction='Input']/Port[@type='audio']")),
            )
            for route in self._root.findall("Routes/Route[@audio-playlist]")
        ]

    @property
    def audio_folder(self) -> Path:
        """Where it keeps its recordings."""
        folders = sorted((self.path.parent / "interchange").glob("*/audiofiles"))
        named = self.path.parent / "interchange" / self.name / "audiofiles"
        return folders[0] if folders and named not in folders else named

    def track(self, name: str) -> Track:
        """The track of this name.

        Raises:
            BadRequest: where there is none, naming those that there are.
        """
        tracks = self.tracks
        for track in tracks:
            if track.name == name:
                return track
        names = [track.name for track in tracks]
        near = difflib.get_close_matches(name, names, 1, 0.5)
        hint = f"did you mean {near[0]}? " if near else ""
        raise BadRequest(
            f"{self.name} has no audio track {name!r}: {hint}it has {', '.join(names) or 'none'}"
        )

    def sample_of_bar(self, bar: int) -> int:
        """The sample at which a bar begins, as Ardour itself counts; bars are counted from 1."""
        return self.tempo_map.superclock_of_bar(bar) * self.rate_hz // SUPERCLOCKS_PER_SECOND

    def with_regions(
        self, track: Track, sources: Sequence[SourceFile], regions: Sequence[NewRegion]
    ) -> bytes:
        """The session's file with new sources, and regions of them on a track.

        Args:
            track: where the regions go, above what is there.
            sources: the files of one piece of audio, one a channel.
            regions: where it sounds; at least one.
        """
        edit = XmlEdit(self.content, depth=3)
        root = _needed(edit, "Session")
        playlist = _needed(edit, "Session/Playlists/Playlist", id=track.playlist)
        next_id = int(root.attributes["id-counter"])
        ids = [str(next_id + index) for index in range(len(sources))]
        next_id += len(sources)
        layer = len(self._root.findall(f"Playlists/Playlist[@id='{track.playlist}']/Region"))
        to_clock = SUPERCLOCKS_PER_SECOND // self.rate_hz
        for source, source_id in zip(sources, ids, strict=True):
            edit.append(_needed(edit, "Session/Sources"), source_xml(source, source_id))
        longest = max(region.n_samples for region in regions)
        whole = NewRegion(regions[0].name, 0, longest)
        edit.append(_needed(edit, "Session/Regions"), region_xml(whole, next_id, ids, to_clock))
        for index, region in enumerate(regions):
            xml = region_xml(region, next_id + 1 + index, ids, to_clock, layer=layer + index)
            edit.append(playlist, xml)
        next_id += 1 + len(regions)
        next_id = self._stretch_range(edit, regions, next_id, to_clock)
        edit.set(root, "id-counter", str(next_id))
        return edit.result()

    def _stretch_range(
        self, edit: XmlEdit, regions: Sequence[NewRegion], next_id: int, to_clock: int
    ) -> int:
        """Let the session's range hold the regions, as importing in Ardour does; the next id.

        A range that the musician has set stays.
        """
        if self._root.get("session-range-is-free") != "1":
            return next_id
        begin = min(region.position for region in regions) * to_clock
        end = max(region.position + region.n_samples for region in regions) * to_clock
        for place in edit.places:
            flags = place.attributes.get("flags", "")
            if place.path == "Session/Locations/Location" and "IsSessionRange" in flags:
                if begin < int(place.attributes["start"][1:]):
                    edit.set(place, "start", f"a{begin}")
                if end > int(place.attributes["end"][1:]):
                    edit.set(place, "end", f"a{end}")
                return next_id
        edit.append(
            _needed(edit, "Session/Locations"),
            f'<Location id="{next_id}" name="session" start="a0" end="a{end}" '
            'flags="IsSessionRange" locked="0" cue="0"/>',
        )
        return next_id + 1


def _file_of(path: Path) -> Path:
    path = path.expanduser().absolute()
    if path.is_dir():
        named = path / f"{path.name}.ardour"
        found = sorted(path.glob("*.ardour"))
        if named in found or len(found) == 1:
            return named if named in found else found[0]
        raise BadRequest(
            f"{path} holds {len(found)} Ardour sessions: name the .ardour file of one"
            if found
            else f"{path} is not the folder of an Ardour session: there is no .ardour file in it"
        )
    if not path.is_file():
        raise BadRequest(f"there is no {path}: name the session's folder or its .ardour file")
    return path


def _needed(edit: XmlEdit, path: str, **attributes: str) -> Place:
    place = edit.find(path, **attributes)
    if place is None:
        raise BadRequest(f"the session has no {path}: open it in Ardour and save it")
    return place
