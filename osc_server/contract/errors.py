"""Every failure that can reach a musician, as one tree.

    MagnetError                 internal
    ├── BadRequest              bad_request        unknown name, out of range, bad path
    ├── Busy                    busy               the queue is full, or the id is live already
    ├── ModelUnavailable        model_unavailable  not on disk, no network, wrong format
    ├── OutOfMemory             out_of_memory
    ├── GenerationFailed        generation_failed  the model broke: NaN, a crash of the worker
    ├── DeviceUnavailable       device_unavailable no such sound device or port, or it is taken
    ├── StorageFailed           storage_failed     disk full, folder read-only, file damaged
    ├── Late                    late               a deadline passed
    ├── Cancelled               cancelled
    └── Forbidden               forbidden          no token, or a path outside the allowed folders

The code crosses the wire in ``/magnet/failed id code text`` and never changes; the text says what
to do about it.
"""

from __future__ import annotations

from typing import ClassVar


class MagnetError(Exception):
    """Root of all errors that have a wire code. ``str(error)`` is the sentence for the musician."""

    code: ClassVar[str] = "internal"


class BadRequest(MagnetError):
    """The request itself is wrong: unknown name, value out of range, bad path."""

    code = "bad_request"


class Busy(MagnetError):
    """The queue is full, or the id belongs to a job that is still alive."""

    code = "busy"


class ModelUnavailable(MagnetError):
    """The model is not on disk, cannot be fetched, or its files are not what they should be."""

    code = "model_unavailable"


class OutOfMemory(MagnetError):
    """The device has too little memory for this job."""

    code = "out_of_memory"


class GenerationFailed(MagnetError):
    """The model broke while rendering: not-a-number, or the worker process died."""

    code = "generation_failed"


class DeviceUnavailable(MagnetError):
    """A sound device, MIDI port or network port does not exist or is taken."""

    code = "device_unavailable"


class StorageFailed(MagnetError):
    """The disk is full, a folder is read-only, or a file is damaged."""

    code = "storage_failed"


class Late(MagnetError):
    """A deadline passed before the result was there."""

    code = "late"


class Cancelled(MagnetError):
    """The job was cancelled, by its client or by a newer job in its lane."""

    code = "cancelled"


class Forbidden(MagnetError):
    """The sender has not shown the token, or named a path outside the allowed folders."""

    code = "forbidden"


ERRORS_BY_CODE = {
    kind.code: kind
    for kind in (
        MagnetError,
        BadRequest,
        Busy,
        ModelUnavailable,
        OutOfMemory,
        GenerationFailed,
        DeviceUnavailable,
        StorageFailed,
        Late,
        Cancelled,
        Forbidden,
    )
}


def error_from_code(code: str, text: str) -> MagnetError:
    """Rebuild the error that a ``failed`` reply carries; an unknown code gives ``MagnetError``."""
    return ERRORS_BY_CODE.get(code, MagnetError)(text)
