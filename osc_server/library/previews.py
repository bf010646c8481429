"""Previews on disk: WAVs of clips that are not finished yet, each for a short while."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from osc_server.library.storage import storage_errors

FOLDER = "previews"
KEPT_SECONDS = 30.0
"""How long a preview outlives its clip: a host that was told of it may still be loading it."""


class PreviewStore:
    """The folder ``previews`` in the clips folder."""

    def __init__(self, clips_folder: Path, unix_seconds: Callable[[], float] = time.time) -> None:
        self.folder = clips_folder / FOLDER
        self._unix_seconds = unix_seconds

    def write(
        self, clip_id: str, audio: NDArray[np.float32], rate_hz: int, n_codebooks: int
    ) -> Path:
        """Write a preview whole or not at all, ``<clip id>.preview-1.wav``, and say so inside it.

        Raises:
            StorageFailed: disk full, folder read-only or gone.
        """
        path = self.folder / f"{clip_id}.preview-{n_codebooks}.wav"
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        whole = io.BytesIO()  # libsndfile does not say that a disk is full
        with soundfile.SoundFile(
            whole, "w", rate_hz, audio.shape[1], "PCM_24", format="WAV"
        ) as file:
            file.comment = f"preview: the first {n_codebooks} of the codebooks"
            file.write(audio)
        with storage_errors(self.folder):
            self.folder.mkdir(exist_ok=True)
            try:
                part.write_bytes(whole.getvalue())
                os.replace(part, path)
            except BaseException:
                with suppress(OSError):
                    part.unlink(missing_ok=True)
                raise
        return path

    def remove(self, path: Path) -> None:
        """Remove one, and the folder with the last; one that a host holds open may stay."""
        with suppress(OSError):
            path.unlink(missing_ok=True)
        with suppress(OSError):
            self.folder.rmdir()

    def sweep(self) -> None:
        """Remove those whose time is over."""
        for path in self.folder.glob("*.preview-*.wav*"):
            with suppress(OSError):
                if self._unix_seconds() - path.stat().st_mtime > KEPT_SECONDS:
                    path.unlink(missing_ok=True)
        with suppress(OSError):
            self.folder.rmdir()
