"""The AudioInput protocol: what comes in, and where it lies under what is heard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from daw_bridge.audio.input_ring import InputRing
from daw_bridge.audio.output import Channels


@dataclass(frozen=True, slots=True)
class InputSettings:
    """Which sound device to listen to, and how.

    Attributes:
        device: part of its name, or its number in ``magnet-bridge devices``; empty = the output's.
        channels: the device's inputs, counted from 1; empty = its first two, or its only one.
        latency_ms: by how much it is later than its driver says; negative if it is earlier.
        ring_seconds: how much of the past is held.
    """

    device: str = ""
    channels: Channels = ()
    latency_ms: float = 0.0
    ring_seconds: float = 72.0

    def of(self, n_inputs: int) -> Channels:
        """The channels on a device with so many inputs."""
        return self.channels or tuple(range(1, min(n_inputs, 2) + 1))


class AudioInput(Protocol):
    """Where sound comes from while an output plays."""

    @property
    def ring(self) -> InputRing:
        """What came in last, by the input's own samples."""
        ...

    @property
    def description(self) -> str:
        """One line for the musician: device, inputs, and how exactly it lies under the output."""
        ...

    @property
    def fault(self) -> str:
        """Why nothing comes in, as a sentence; empty while all is well."""
        ...

    def look(self, now_seconds: float) -> None:
        """Compare its time with the output's, at this instant of a steady clock; often."""
        ...

    def place_of(self, sample: int) -> int:
        """The input's sample that comes in as the output's ``sample`` is heard.

        Where the two have clocks of their own it holds for what is heard about now.
        """
        ...
