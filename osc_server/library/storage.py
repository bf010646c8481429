"""Writing so that nothing is lost or half there, and saying it in words where it fails."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from osc_server.contract.errors import StorageFailed


def write_through(path: Path, content: bytes) -> None:
    """Write and wait for the disk, so that a later rename cannot outrun the content."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def storage_errors(folder: Path) -> Iterator[None]:
    """Turn what the operating system says into a sentence for a musician."""
    try:
        yield
    except OSError as error:
        raise StorageFailed(_explain(error, folder)) from error


def _explain(error: OSError, folder: Path) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return (
            f"no room to write to {folder}: free some space, or start with --clips on another disk"
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"not allowed to write to {folder}: choose a folder of your own with --clips"
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.EEXIST):
        return f"{folder} is not a folder any more: make it again, or choose another with --clips"
    said = error.strerror or error
    return f"the clips folder {folder} cannot be used ({said}): choose another with --clips"
