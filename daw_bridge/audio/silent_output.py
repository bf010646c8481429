"""A stand-in where there is no sound device: keeps time and throws the sound away."""

from __future__ import annotations

import threading
import time

from daw_bridge.audio.deviceless_output import DevicelessOutput
from daw_bridge.audio.mixer import BlockSource


class SilentOutput(DevicelessOutput):
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
        super().__init__(rate_hz, n_channels, block_size)
        self._reason = reason
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._fault: BaseException | None = None

    @property
    def description(self) -> str:
        """One line for the musician."""
        return f"no sound ({self._reason})" if self._reason else "no sound"

    @property
    def fault(self) -> str:
        """Why it has stopped, as a sentence; empty while all is well."""
        return "" if self._fault is None else f"the deck failed: {self._fault!r}"

    def start(self, source: BlockSource) -> None:
        """Begin to pull blocks."""
        self._ending.clear()
        self._thread = threading.Thread(
            target=self._run, args=(source,), name="silent-output", daemon=True
        )
        self._thread.start()

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
