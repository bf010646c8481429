"""A clip onto a track of a closed Ardour session, on its bar to the sample."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from daw_bridge.audio.load import make_loop
from daw_bridge.client.clip_result import ClipResult
from daw_bridge.delivery.ardour.elements import NewRegion, SourceFile
from daw_bridge.delivery.ardour.session import ArdourSession, Track
from daw_bridge.delivery.folder_sink import whole_file, write_bytes
from osc_server.contract.errors import BadRequest, Busy

_SIDES = {1: ("",), 2: ("%L", "%R")}
"""What Ardour puts before a file's ending for each channel."""


class ArdourSink:
    """Lands clips in a session that is not open, each whole or not at all.

    The session as it was before lies beside it afterwards, as a snapshot that Ardour lists.

    Args:
        session: the session's folder, or its ``.ardour`` file.
        track: name of the audio track.
        bar: the bar that a clip begins with, counted from 1.
        times: how often it sounds, end to end.

    Raises:
        BadRequest: for a bar or number that cannot be.
    """

    def __init__(self, session: Path, track: str, bar: int, times: int = 1) -> None:
        if bar < 1 or times < 1:
            raise BadRequest("bars are counted from 1, and a clip sounds at least once")
        self._session = session
        self._track = track
        self._bar = bar
        self._times = times
        self.note = ""
        """Of the last clip: what is not as a musician would expect it; empty where all is."""

    def deliver(self, clip: ClipResult) -> str:
        """Land a clip; where, in words.

        Raises:
            BadRequest: where the session, the track or the bar is not there.
            Busy: where somebody else wrote to the session meanwhile.
            StorageFailed: where something cannot be read or written; nothing is changed then.
        """
        session = ArdourSession(self._session)
        track = session.track(self._track)
        audio = clip.read()
        n_channels = min(audio.shape[1], track.n_channels or audio.shape[1])
        loop = make_loop(
            clip.id, audio, clip.rate_hz, clip.beats, clip.bpm, session.rate_hz, n_channels
        ).samples
        regions = self._regions(session, clip, len(loop))
        longest = max(region.n_samples for region in regions)
        loop = np.concatenate(
            [loop, loop[: max(0, longest - len(loop))]]
        )  # between passes, see _regions
        _write(session, track, loop, regions)
        times = f", {self._times} times" if self._times > 1 else ""
        return f"{session.name}: {track.name}, bar {self._bar}{times}"

    def _regions(self, session: ArdourSession, clip: ClipResult, n_samples: int) -> list[NewRegion]:
        """Where the clip sounds.

        Where it is as long as its bars are in the session, each pass begins on its own bar: bars
        are no whole samples, and passes laid end to end would drift. A pass then lasts until the
        next begins, a sample longer or shorter than the clip at most.
        """
        first = session.sample_of_bar(self._bar)
        starts = [first + index * n_samples for index in range(self._times + 1)]
        self.note = ""
        if clip.bars == int(clip.bars):
            bars = [self._bar + index * int(clip.bars) for index in range(self._times + 1)]
            on_bars = [session.sample_of_bar(bar) for bar in bars]
            if all(abs(end - begin - n_samples) <= 1 for begin, end in pairwise(on_bars)):
                starts = on_bars
            else:
                last = (on_bars[1] - on_bars[0]) / session.rate_hz
                self.note = (
                    f"it lasts {clip.seconds:.3f} s at {clip.bpm:g} BPM, and these bars of the "
                    f"session {last:.3f} s: ask for it at the session's tempo and meter"
                )
        if self._times == 1:
            return [NewRegion(clip.id, first, n_samples)]
        return [NewRegion(clip.id, begin, end - begin) for begin, end in pairwise(starts)]


def _write(
    session: ArdourSession, track: Track, loop: NDArray[np.float32], regions: Sequence[NewRegion]
) -> None:
    """Write the audio, the session as it was, and the session, the session last."""
    folder, stem = session.audio_folder, _free_stem(session, regions[0].name, loop.shape[1])
    names = [f"{stem}{side}.wav" for side in _SIDES[loop.shape[1]]]
    files = [SourceFile(name, channel) for channel, name in enumerate(names)]
    content = session.with_regions(track, files, regions)
    written: list[Path] = []
    try:
        for file in files:
            with whole_file(folder / file.name) as temporary:
                channel = loop[:, file.channel]
                soundfile.write(temporary, channel, session.rate_hz, subtype="FLOAT", format="WAV")
            written.append(folder / file.name)
        write_bytes(session.path.with_stem(f"{session.path.stem}-before-landing"), session.content)
        if session.path.read_bytes() != session.content:
            raise Busy(f"{session.path} was just saved by Ardour: close the session first")
        write_bytes(session.path, content)
    except BaseException:
        for path in written:
            with suppress(OSError):
                path.unlink()
        raise


def _free_stem(session: ArdourSession, name: str, n_channels: int) -> str:
    """A name for files that neither the folder nor the session has."""
    stem, number = name, 1
    while any(
        (session.audio_folder / f"{stem}{side}.wav").exists()
        or f'name="{stem}{side}.wav"'.encode() in session.content
        for side in _SIDES[n_channels]
    ):
        number += 1
        stem = f"{name}_{number}"
    return stem
