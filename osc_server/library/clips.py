"""Clips on disk: ``<id>.wav``, ``<id>.codes.npy`` and ``<id>.json``, which makes it a clip.

All three are first written whole under temporary names and then renamed, the sidecar last: a clip
exists if and only if its sidecar does. The temporary sidecar is there as long as anything is
unfinished, so what a crash left behind can be told from files that somebody put into the folder.
"""

from __future__ import annotations

import io
import os
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
import soundfile
from numpy.typing import NDArray

from osc_server.contract.clip import ClipSidecar, Landing, with_landing
from osc_server.contract.errors import BadRequest, StorageFailed
from osc_server.library.previews import PreviewStore
from osc_server.library.storage import storage_errors, write_through

WavFormat = Literal["pcm24", "float"]

_SUBTYPES: dict[WavFormat, str] = {"pcm24": "PCM_24", "float": "FLOAT"}
_WAV, _CODES, _SIDECAR = ".wav", ".codes.npy", ".json"
_IN_ORDER = (_WAV, _CODES, _SIDECAR)
_DATE = re.compile(r"\d{8}-\d{6}(?=-[0-9a-f]{4}$)|^\d{8}-\d{6}")
_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,139}_\d{8}-\d{6}-[0-9a-f]{4}|\d{8}-\d{6}-[a-z0-9_-]{1,80}")
"""As ``new_id`` makes them; the second form is that of clips from before names came first."""
_PART = re.compile(rf"\.({_ID.pattern})\.(\d+)\.json\.part")
_STALE_SECONDS = 60.0  # writing takes milliseconds; another server may share the folder


class ClipStore:
    """The clips folder. The worker writes to it and the server reads from it."""

    def __init__(
        self,
        folder: Path,
        wav_format: WavFormat = "pcm24",
        *,
        unix_seconds: Callable[[], float] = time.time,
    ) -> None:
        """Name the folder; ``prepare`` makes it.

        Args:
            folder: where the clips are.
            wav_format: 24-bit integers or 32-bit floats.
            unix_seconds: the clock that files are dated by.
        """
        self.folder = folder
        self._unix_seconds = unix_seconds
        self._subtype = _SUBTYPES[wav_format]
        self._noting = threading.Lock()

    def prepare(self) -> None:
        """Make the folder, see that it can be written to, and sweep what a crash left there.

        Raises:
            StorageFailed: where that cannot be done, with what to do.
        """
        with storage_errors(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            probe = self.folder / f".write-probe.{os.getpid()}"
            probe.write_bytes(b"")
            probe.unlink()
            self.sweep()
            PreviewStore(self.folder, self._unix_seconds).sweep()

    def new_id(self, created: datetime, name: str) -> str:
        """An id that is free and reads well in a DAW's track: the name, then date and chance.

        ``dusty-breakbeat_4bars_128bpm_seed7_20261122-203011-ab12``.

        Args:
            created: when.
            name: as ``contract.naming.clip_name`` makes it.
        """
        while True:
            clip_id = f"{name}_{created:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
            if not self._path(clip_id, _SIDECAR).exists():
                return clip_id

    def save(
        self,
        sidecar: ClipSidecar,
        audio: NDArray[Any],
        codes: NDArray[np.int64],
        *,
        subtype: str = "",
    ) -> Path:
        """Write a clip whole or not at all, and return the path of its WAV.

        Args:
            sidecar: its id names the files.
            audio: ``[n_samples, n_channels]``, at the sidecar's rate: floats in -1..1, or int32 at
                full scale.
            codes: ``[K, T]``.
            subtype: of the WAV, as libsndfile names it; by default the store's own.

        Raises:
            StorageFailed: disk full, folder read-only or gone; nothing is left behind then.
        """
        contents = {
            _WAV: wav_bytes(audio, sidecar.measured.rate_hz, subtype or self._subtype),
            _CODES: _npy_bytes(codes),
            _SIDECAR: sidecar.to_json().encode(),
        }
        parts = {suffix: self._part(sidecar.id, suffix) for suffix in _IN_ORDER}
        with storage_errors(self.folder):
            try:
                for suffix in reversed(_IN_ORDER):
                    write_through(parts[suffix], contents[suffix])
                for suffix in _IN_ORDER:
                    os.replace(parts[suffix], self._path(sidecar.id, suffix))
            except BaseException:
                self._discard(sidecar.id, os.getpid())
                raise
        return self._path(sidecar.id, _WAV)

    def holds(self, clip_id: str) -> bool:
        """Whether there is a clip of this id."""
        return bool(_ID.fullmatch(clip_id)) and self._path(clip_id, _SIDECAR).is_file()

    def sidecar(self, clip_id: str) -> ClipSidecar:
        """Everything about a clip.

        Raises:
            BadRequest: where there is no such clip.
            StorageFailed: where its sidecar cannot be read.
        """
        return ClipSidecar.from_json(self._sidecar_text(clip_id))

    def note_landing(self, clip_id: str, place: str, problem: str) -> None:
        """Keep in a clip's sidecar what a host said about putting it into a track.

        Args:
            clip_id: of the clip.
            place: where, in the host's words.
            problem: why it could not; empty where it did.

        Raises:
            BadRequest: where there is no such clip.
            StorageFailed: where its sidecar cannot be read or written; it stays as it was then.
        """
        when = datetime.fromtimestamp(self._unix_seconds(), UTC).isoformat(timespec="seconds")
        part, path = self._part(clip_id, _SIDECAR), self._path(clip_id, _SIDECAR)
        with self._noting:  # two hosts may land the same clip at once
            text = with_landing(self._sidecar_text(clip_id), Landing(when, place, problem))
            with storage_errors(self.folder):
                try:
                    date = path.stat().st_mtime_ns
                    write_through(part, text.encode())
                    os.utime(part, ns=(date, date))  # clips of one second are in its order
                    os.replace(part, path)
                finally:
                    part.unlink(missing_ok=True)

    def wav_path(self, clip_id: str) -> Path:
        """Where the WAV of a clip is, whether or not it is there."""
        return self._path(clip_id, _WAV)

    def read_audio(self, clip_id: str) -> NDArray[np.float32]:
        """Samples ``[n_samples, n_channels]``; raises as ``sidecar`` does."""
        return read_wav(self._existing(clip_id, _WAV))[0]

    def read_codes(self, clip_id: str) -> NDArray[np.int64]:
        """Codes ``[K, T]``; raises as ``sidecar`` does."""
        path = self._existing(clip_id, _CODES)
        try:
            return np.asarray(np.load(path, allow_pickle=False), np.int64)
        except (OSError, ValueError) as error:
            raise StorageFailed(f"the codes {path} cannot be read: {error}") from error

    def ids(self) -> Iterator[str]:
        """Every clip, the newest first: by the date in its id, within a second by its file's."""
        with storage_errors(self.folder), os.scandir(self.folder) as entries:
            sidecars = [
                (_date(entry.name), entry.stat().st_mtime_ns, entry.name)
                for entry in entries
                if entry.name.endswith(_SIDECAR) and _ID.fullmatch(entry.name[: -len(_SIDECAR)])
            ]
        return iter([name[: -len(_SIDECAR)] for _, _, name in sorted(sidecars, reverse=True)])

    def sweep(self, writer: int | None = None) -> int:
        """Remove what was left half-written; return how many clips that were.

        Args:
            writer: a process that is dead, all of whose leftovers go; by default those of any
                process go that are a minute old.
        """
        removed = 0
        for path in self.folder.glob(".*.json.part"):
            match = _PART.fullmatch(path.name)
            if match and (self._is_stale(path) if writer is None else int(match[2]) == writer):
                self._discard(match[1], int(match[2]))
                removed += 1
        return removed

    def _discard(self, clip_id: str, writer: int) -> None:
        """Remove an unfinished clip, its temporary sidecar last, and never a finished one."""
        finished = self._path(clip_id, _SIDECAR).exists()
        for suffix in _IN_ORDER:
            with suppress(OSError):
                if not finished:
                    self._path(clip_id, suffix).unlink(missing_ok=True)
            with suppress(OSError):
                self._part(clip_id, suffix, writer).unlink(missing_ok=True)

    def _is_stale(self, path: Path) -> bool:
        with suppress(OSError):
            return self._unix_seconds() - path.stat().st_mtime > _STALE_SECONDS
        return False

    def _sidecar_text(self, clip_id: str) -> str:
        path = self._existing(clip_id, _SIDECAR)
        with storage_errors(self.folder):
            try:
                return path.read_text("utf-8")
            except UnicodeDecodeError as error:
                raise StorageFailed(f"the sidecar {path} is damaged: {error}") from error

    def _existing(self, clip_id: str, suffix: str) -> Path:
        path = self._path(clip_id, suffix)
        if not (
            _ID.fullmatch(clip_id) and path.is_file() and self._path(clip_id, _SIDECAR).is_file()
        ):
            raise BadRequest(f"no clip {clip_id[:100]!r}: /magnet/clip/list says which there are")
        return path

    def _path(self, clip_id: str, suffix: str) -> Path:
        return self.folder / f"{clip_id}{suffix}"

    def _part(self, clip_id: str, suffix: str, writer: int | None = None) -> Path:
        return self.folder / f".{clip_id}.{writer or os.getpid()}{suffix}.part"


def _date(sidecar_name: str) -> str:
    found = _DATE.search(sidecar_name.removesuffix(_SIDECAR))
    return found[0] if found else ""


def read_wav(path: Path) -> tuple[NDArray[np.float32], int]:
    """Samples ``[n_samples, n_channels]`` of a WAV, and its rate.

    Raises:
        StorageFailed: where it cannot be read.
    """
    try:
        audio, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, soundfile.SoundFileError) as error:
        raise StorageFailed(f"the WAV {path} cannot be read: {error}") from error
    return np.asarray(audio, np.float32), int(rate_hz)


def wav_bytes(audio: NDArray[Any], rate_hz: int, subtype: str) -> bytes:
    """A whole WAV file of samples ``[n_samples, n_channels]``, as libsndfile names its subtype."""
    if subtype == "PCM_24" and audio.dtype != np.int32:
        # libsndfile reads 2**23 as 1 but writes 1 as 2**23 - 1: what is read again would differ.
        steps = np.rint(audio.astype(np.float64) * 2.0**23).clip(-(2.0**23), 2.0**23 - 1)
        audio = (steps * 2.0**8).astype(np.int64).astype(np.int32)
    # Into memory first: libsndfile does not reliably say that a disk is full.
    buffer = io.BytesIO()
    soundfile.write(buffer, audio, rate_hz, subtype=subtype, format="WAV")
    return buffer.getvalue()


def _npy_bytes(codes: NDArray[np.int64]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, codes.astype(np.uint16), allow_pickle=False)
    return buffer.getvalue()
