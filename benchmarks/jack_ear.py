"""A JACK client that hears ports and knows on which frame it heard what, over libjack itself."""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_NO_START_SERVER = 0x01
_IS_INPUT = 0x1
_AUDIO = b"32 bit float mono audio"
_PROCESS = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_uint32, ctypes.c_void_p)


class JackEar:
    """Hears ports, block by block.

    Args:
        sources: output ports of other clients, such as ``PortAudio:out_0``.
        seconds: how much it can hear.

    Raises:
        OSError: where there is no JACK, or no such port.
    """

    def __init__(self, sources: Sequence[str], seconds: float) -> None:
        self._jack = _library()
        self._client = self._jack.jack_client_open(b"ear", _NO_START_SERVER, None)
        if not self._client:
            raise OSError("there is no JACK server")
        self.rate_hz = int(self._jack.jack_get_sample_rate(self._client))
        self._heard = np.zeros((len(sources), round(seconds * self.rate_hz)), np.float32)
        self._n_heard = 0
        self._first_frame = 0
        self._ports = [
            self._jack.jack_port_register(self._client, b"in_%d" % index, _AUDIO, _IS_INPUT, 0)
            for index in range(len(sources))
        ]
        self._callback = _PROCESS(self._process)
        self._jack.jack_set_process_callback(self._client, self._callback, None)
        self._jack.jack_activate(self._client)
        for port, source in zip(self._ports, sources, strict=True):
            name = self._jack.jack_port_name(port)
            if self._jack.jack_connect(self._client, source.encode(), name):
                raise OSError(f"{source} cannot be heard")

    def frame(self) -> int:
        """The frame that passes now, as JACK estimates it between two blocks."""
        return int(self._jack.jack_frame_time(self._client))

    def heard(self) -> tuple[int, NDArray[np.float32]]:
        """The frame of the first sample, and ``[n_ports, n_samples]``."""
        return self._first_frame, self._heard[:, : self._n_heard].copy()

    def close(self) -> None:
        """Hear no more."""
        self._jack.jack_client_close(self._client)

    def _process(self, n_frames: int, _: object) -> int:
        start, end = self._n_heard, self._n_heard + n_frames
        if start == 0:
            self._first_frame = int(self._jack.jack_last_frame_time(self._client))
        if end <= self._heard.shape[1]:
            for channel, port in enumerate(self._ports):
                buffer = self._jack.jack_port_get_buffer(port, n_frames)
                ctypes.memmove(self._heard[channel, start:].ctypes.data, buffer, 4 * n_frames)
            self._n_heard = end
        return 0


def _library() -> ctypes.CDLL:
    name = ctypes.util.find_library("jack")
    if name is None:
        raise OSError("libjack is not installed")
    jack = ctypes.CDLL(name)
    pointer, frames = ctypes.c_void_p, ctypes.c_uint32
    jack.jack_client_open.restype = pointer
    jack.jack_client_open.argtypes = [ctypes.c_char_p, ctypes.c_int, pointer]
    jack.jack_port_register.restype = pointer
    jack.jack_port_register.argtypes = [
        *(pointer, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_ulong)
    ]
    jack.jack_port_get_buffer.restype = pointer
    jack.jack_port_get_buffer.argtypes = [pointer, frames]
    jack.jack_port_name.restype = ctypes.c_char_p
    jack.jack_port_name.argtypes = [pointer]
    jack.jack_connect.argtypes = [pointer, ctypes.c_char_p, ctypes.c_char_p]
    jack.jack_set_process_callback.argtypes = [pointer, _PROCESS, pointer]
    for name in ("sample_rate", "frame_time", "last_frame_time"):
        function = getattr(jack, f"jack_get_{name}" if name == "sample_rate" else f"jack_{name}")
        function.restype, function.argtypes = frames, [pointer]
    jack.jack_activate.argtypes = [pointer]
    jack.jack_client_close.argtypes = [pointer]
    return jack
