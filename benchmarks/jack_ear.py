"""A JACK client that hears a port and knows on which frame it heard what."""

from __future__ import annotations

import jack
import numpy as np
from numpy.typing import NDArray


class JackEar:
    """Hears an output port of another client, from now on.

    Args:
        source: such as ``PortAudio:out_0``.
        seconds: how much it can hear.
    """

    def __init__(self, source: str, seconds: float) -> None:
        self._client = jack.Client("ear", no_start_server=True)
        self.rate_hz = int(self._client.samplerate)
        self._heard = np.zeros(round(seconds * self.rate_hz), np.float32)
        self._n_heard = 0
        self._first_frame = 0
        self._port = self._client.inports.register("in_1")
        self._client.set_process_callback(self._process)
        self._client.activate()
        self._client.connect(source, self._port)

    def frame(self) -> int:
        """The frame that passes now, as JACK estimates it between two blocks."""
        return int(self._client.frame_time)

    def heard(self) -> tuple[int, NDArray[np.float32]]:
        """The frame of the first sample, and ``[n_samples]``."""
        return self._first_frame, self._heard[: self._n_heard].copy()

    def close(self) -> None:
        """Hear no more."""
        self._client.deactivate()
        self._client.close()

    def _process(self, n_frames: int) -> None:
        start, end = self._n_heard, self._n_heard + n_frames
        if start == 0:
            self._first_frame = int(self._client.last_frame_time)
        if end <= len(self._heard):
            self._heard[start:end] = self._port.get_array()
            self._n_heard = end
