"""A clip as a file of its own, with a name that says what it is."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import numpy as np
import soundfile
from numpy.typing import NDArray

from daw_bridge.client.clip_result import ClipResult
from osc_server.contract.errors import BadRequest, StorageFailed
from osc_server.contract.naming import short_name


class FolderSink:
    """Copies clips into a folder: ``dusty-breakbeat_4bars_128.5bpm_seed7.wav``.

    They have the names that they have in the clips folder, without the date. Nothing is
    overwritten: a second clip of the same name gets ``_2``.

    Args:
        folder: made if it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def deliver(self, clip: ClipResult) -> str:
        """Copy a clip; the path of the copy.

        Raises:
            StorageFailed: where the folder cannot be written.
        """
        return str(save_clip(clip, free_path(self._folder / f"{short_name(clip.id)}.wav")))


def free_path(path: Path) -> Path:
    """The path itself, or with ``_2``, ``_3``, … before its ending where it is taken."""
    candidate, number = path, 1
    while candidate.exists():
        number += 1
        candidate = path.with_stem(f"{path.stem}_{number}")
    return candidate


def save_clip(clip: ClipResult, path: Path) -> Path:
    """Write a clip to a WAV of this name, whole or not at all; an older file is replaced.

    Raises:
        BadRequest: for a name that does not end in .wav.
        StorageFailed: where it cannot be written, or the clip cannot be read.
    """
    if path.suffix.lower() != ".wav":
        raise BadRequest(f"{path.name} must end in .wav")
    source = clip.path
    if clip.streamed is None and source is not None and source.exists():
        return _write_whole(path, lambda file: _copy(source, file))
    return save_samples(clip.read(), clip.rate_hz, path)


def save_samples(samples: NDArray[np.float32], rate_hz: int, path: Path) -> Path:
    """Write samples ``[n_samples, n_channels]`` to a WAV of 32-bit floats, whole or not at all.

    Raises:
        StorageFailed: where it cannot be written.
    """
    return _write_whole(
        path,
        lambda file: soundfile.write(file, samples, rate_hz, subtype="FLOAT", format="WAV"),
    )


def write_bytes(path: Path, content: bytes) -> Path:
    """Write a file whole or not at all. Raises StorageFailed."""
    return _write_whole(path, lambda file: file.write(content))


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A temporary file beside ``path`` that takes its place when the block ends well.

    Raises:
        StorageFailed: where it cannot be written.
    """
    temporary = path.with_name(f".{path.stem}-{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        os.replace(temporary, path)
    except (OSError, soundfile.LibsndfileError) as error:
        said = getattr(error, "strerror", None) or error
        raise StorageFailed(f"cannot write {path}: {said}; choose another folder") from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def _copy(source: Path, file: IO[bytes]) -> None:
    with source.open("rb") as original:
        shutil.copyfileobj(original, file)


def _write_whole(path: Path, write: Callable[[IO[bytes]], object]) -> Path:
    with whole_file(path) as temporary, temporary.open("wb") as file:
        write(file)
    return path
