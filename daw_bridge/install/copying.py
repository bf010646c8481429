"""Putting files into place so that all of them change, or none."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from osc_server.contract.errors import StorageFailed

_PART, _BEFORE = ".magnet-part", ".magnet-before"


def put_whole(contents: Mapping[Path, bytes], keep: Mapping[Path, Path]) -> list[Path]:
    """Write files, all of them or none, and return the folders that had to be made.

    Args:
        contents: what each path shall hold; what it held before is replaced.
        keep: what is to be moved out of the way first, and where to.

    Raises:
        StorageFailed: where one cannot be written; everything is as it was then.
    """
    made: list[Path] = []
    done: list[tuple[Path, Path | None]] = []
    with _sentences(next(iter(contents)).parent):
        try:
            for path, content in contents.items():
                made += _make_folder(path.parent)
                if path.is_dir():
                    raise IsADirectoryError(errno.EISDIR, "a folder is in the way", str(path))
                _beside(path, _PART).write_bytes(content)
            for path in contents:
                aside = keep.get(path, _beside(path, _BEFORE)) if path.exists() else None
                if aside is not None:
                    os.replace(path, aside)
                done.append((path, aside))
                os.replace(_beside(path, _PART), path)
        except BaseException:
            _put_back(contents, done, made)
            raise
    for path in contents:
        with suppress(OSError):
            _beside(path, _BEFORE).unlink(missing_ok=True)
    return made


def take_away(path: Path) -> None:
    """Remove a file, and what Python compiled of it.

    Raises:
        StorageFailed: where it cannot be removed.
    """
    with _sentences(path.parent):
        path.unlink(missing_ok=True)
        for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
            compiled.unlink()
    with suppress(OSError):
        (path.parent / "__pycache__").rmdir()


def _put_back(
    contents: Mapping[Path, bytes], done: list[tuple[Path, Path | None]], made: list[Path]
) -> None:
    for path, aside in reversed(done):
        with suppress(OSError):
            if aside is not None:
                os.replace(aside, path)
            else:
                path.unlink(missing_ok=True)
    for path in contents:
        with suppress(OSError):
            _beside(path, _PART).unlink(missing_ok=True)
    for folder in reversed(made):
        with suppress(OSError):
            folder.rmdir()


def _make_folder(folder: Path) -> list[Path]:
    """Make a folder and what leads to it; what was made, the outermost first."""
    missing = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing[::-1]


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(f".{path.name}{ending}")


@contextmanager
def _sentences(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = error.filename or folder
        raise StorageFailed(
            f"{where}: {error.strerror or error}; close the host, see that the folder may be "
            "written to, or name another with --folder"
        ) from error
