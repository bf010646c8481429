"""The AudioOutput protocol, and where a stream stands against the clock on the wall."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from daw_bridge.audio.mixer import BlockSource
from osc_server.contract.errors import DeviceUnavailable

Channels = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OutputSettings:
    """Which sound device to open, and how.

    Attributes:
        device: part of its name, or its number in ``magnet-bridge devices``; empty = the default.
        host_api: part of the host API's name (JACK, ASIO, WASAPI, Core Audio); empty = any.
        channels: the device's outputs to play on, counted from 1: ``(1, 2)``, ``(3, 4)``, ``(5,)``.
        rate_hz: samples per second; None = the device's own.
        block_size: samples that one callback fills.
    """

    device: str = ""
    host_api: str = ""
    channels: Channels = (1, 2)
    rate_hz: int | None = None
    block_size: int = 1024


@dataclass(frozen=True, slots=True)
class StreamTime:
    """One published pair: stream sample ``sample`` is heard at ``seconds`` of the stream's time."""

    sample: int
    seconds: float


class DeviceStuck(DeviceUnavailable):
    """Only a new process can open the device again: the sound library does not let go of it."""


class AudioOutput(Protocol):
    """Where sound goes: a device, a silent stand-in for one, or an array."""

    @property
    def description(self) -> str:
        """One line for the musician: device, host API, outputs, rate, block."""
        ...

    @property
    def rate_hz(self) -> int:
        """Samples per second."""
        ...

    @property
    def n_channels(self) -> int:
        """Channels of the blocks that it asks for."""
        ...

    @property
    def block_size(self) -> int:
        """Most samples that it asks for at once."""
        ...

    @property
    def latency_seconds(self) -> float:
        """From the instant at which a block is asked for until it is heard."""
        ...

    @property
    def underruns(self) -> int:
        """Blocks that came too late since the start, whoever was late."""
        ...

    @property
    def late_blocks(self) -> int:
        """Those of them for which this process was late."""
        ...

    @property
    def fault(self) -> str:
        """Why it is not playing, as a sentence; empty while all is well."""
        ...

    @property
    def lost(self) -> bool:
        """Whether the device has stopped by itself; ``restart`` may bring it back."""
        ...

    def heard_sample(self) -> int:
        """The stream sample that is heard now."""
        ...

    def start(self, source: BlockSource) -> None:
        """Begin to pull blocks."""
        ...

    def restart(self) -> None:
        """Look for a lost device again, and go on where the stream stopped.

        Raises:
            DeviceStuck: where no more than a new process can do so.
            DeviceUnavailable: where it is not there.
        """
        ...

    def stop(self) -> None:
        """Stop, and give the device back; more than once is fine."""
        ...


def heard_sample(pair: StreamTime, now_seconds: float, rate_hz: int, next_sample: int) -> int:
    """The sample heard at ``now_seconds``, from the last published pair; within what was made."""
    sample = pair.sample + int((now_seconds - pair.seconds) * rate_hz)
    return min(max(sample, 0), next_sample)
