"""A cable in the JACK graph of a known length."""

from __future__ import annotations

import numpy as np

try:
    import jack
except (ImportError, OSError):  # no libjack: tests that need it skip or fail before
    jack = None


class JackDelay:
    """Passes on what comes into ``delay:in`` at ``delay:out``, so many frames later.

    Args:
        server: of ``running_jack``.
        n_frames: how many.
        gain: of what is passed on; 0 is a cable that was pulled.
    """

    def __init__(self, server, n_frames, gain=1.0):
        self._gain = np.float32(gain)
        self._held = np.zeros(n_frames, np.float32)
        self._client = jack.Client("delay", servername=server.name, no_start_server=True)
        self._in = self._client.inports.register("in")
        self._out = self._client.outports.register("out")
        self._client.set_process_callback(self._process)

    def __enter__(self):
        self._client.activate()
        return self

    def __exit__(self, *exc):
        self._client.deactivate()
        self._client.close()

    def _process(self, n_frames):
        held = np.concatenate((self._held, self._in.get_array()))
        self._out.get_array()[:] = self._gain * held[:n_frames]
        self._held = held[n_frames:]
