"""The ClipSink protocol: where a finished clip lands."""

from __future__ import annotations

from typing import Protocol

from daw_bridge.client.clip_result import ClipResult


class ClipSink(Protocol):
    """Takes finished clips. May read and write files, so call it off the event loop."""

    def deliver(self, clip: ClipResult) -> str:
        """Take a clip; where it landed, in words for a musician.

        Raises:
            StorageFailed: where it cannot be read or written.
        """
        ...
