"""What the server answers, as records; one per reply address of the protocol."""

from __future__ import annotations

from dataclasses import dataclass

from osc_server.contract.requests import RequestId


@dataclass(frozen=True, slots=True)
class Accepted:
    """``/magnet/accepted id place eta``: queued; place 0 renders now, eta in seconds."""

    id: RequestId
    place: int
    eta_seconds: float


@dataclass(frozen=True, slots=True)
class Progress:
    """``/magnet/progress id fraction step steps eta``."""

    id: RequestId
    fraction: float
    step: int
    steps: int
    eta_seconds: float


@dataclass(frozen=True, slots=True)
class Ready:
    """``/magnet/ready`` with these fields as arguments, in this order."""

    id: RequestId
    clip: str
    path: str  # empty where the audio was streamed to a client that does not share the disk
    seconds: float
    bars: float
    bpm: float
    bpm_measured: float  # 0 where no beat was found
    seam: float  # jump at the loop's seam relative to the interior's typical jump; ~1 is inaudible
    lufs: float
    seed: int
    rate_hz: int
    rtf: float  # compute seconds per audio second
    notes: str = ""  # one sentence where something asked for could not be met


@dataclass(frozen=True, slots=True)
class Failed:
    """``/magnet/failed id code text``."""

    id: RequestId
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class CancelledReply:
    """``/magnet/cancelled id``."""

    id: RequestId


@dataclass(frozen=True, slots=True)
class ErrorLine:
    """``/magnet/error text``: one line, for surfaces with one label."""

    text: str


@dataclass(frozen=True, slots=True)
class AudioChunk:
    """``/magnet/audio id index count blob``: float32 little-endian, interleaved."""

    id: RequestId
    index: int
    count: int
    samples: bytes
