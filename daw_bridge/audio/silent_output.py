"""A stand-in where there is no sound device: keeps time and throws the sound away."""

from __future__ import annotations

import threading
import time

import numpy as np

from daw_bridge.audio.mixer import BlockSource


class SilentOutput:
    """Pulls blocks in real time from a thread, so that bars pass and decks change over.

    Args:
        rate_hz: samples per second.
        n_channels: channels of the blocks.
        block_size: samples that one call of the source fills.
        reason: why there is no sound, as a sentence; shown as its description.
    """

    def __init__(
        self, rate_hz: int = 48000, n_channels: int = 2, block_size: int = 1024, reason: str = ""
    ) -> None:
        self._rate_hz = rate_hz
        self._block = np.zeros((block_size, n_channels), np.float32)
        self._reason = reason
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._fault: BaseException | None = None
        self._next_sample = 0

    @property
    def description(self) -> str:
        """One line for the musician."""
        return f"no sound ({self._reason})" if self._reason else "no sound"

    @property
    def rate_hz(self) -> int:
        """Samples per second."""
        return self._rate_hz

    @property
    def n_channels(self) -> int:
        """Channels of the blocks that it asks for."""
        return self._block.shape[1]

    @property
    def block_size(self) -> int:
        """Most samples that it asks for at once."""
        return len(self._block)

    @property
    def underruns(self) -> int:
        """None: nobody hears a late block."""
        return 0

    @property
    def late_blocks(self) -> int:
        """None, likewise."""
        return 0

    @property
    def fault(self) -> str:
        """Why it has stopped, as a sentence; empty while all is well."""
        return "" if self._fault is None else f"the deck failed: {self._fault!r}"

    @property
    def lost(self) -> bool:
        """Never: there is no device."""
        return False

    def heard_sample(self) -> int:
        """The sample after the last block."""
        return self._next_sample

    def start(self, source: BlockSource) -> None:
        """Begin to pull blocks."""
        self._ending.clear()
        self._thread = threading.Thread(
            target=self._run, args=(source,), name="silent-output", daemon=True
        )
        self._thread.start()

    def restart(self) -> None:
        """Nothing to look for."""

    def stop(self) -> None:
        """Stop; more than once is fine."""
        self._ending.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()

    def _run(self, source: BlockSource) -> None:
        began = time.monotonic() - self._next_sample / self._rate_hz
        try:
            while not self._ending.is_set():
                source.process(self._block, self._next_sample)
                self._next_sample += len(self._block)
                due = began + self._next_sample / self._rate_hz
                self._ending.wait(max(0.0, due - time.monotonic()))
        except Exception as error:  # noqa: BLE001  # the door of the audio room: it is reported
            self._fault = error
