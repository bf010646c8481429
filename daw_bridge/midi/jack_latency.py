"""What JACK is told of us: how long after its frame a MIDI message to us is heard.

A DAW such as Ardour writes its own sound ahead by the latency of the card, so that it is heard in
its place, and does the same for MIDI where a port says how long its receiver takes. One that says
nothing gets clock ticks that late against the DAW's sound. JACK-Client has no call for it, so
JACK's own library is called; JACK API, "Managing and determining latency".
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

_PLAYBACK = 1
_Handler = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_void_p)


class _Range(ctypes.Structure):
    _fields_ = (("shortest", ctypes.c_uint32), ("longest", ctypes.c_uint32))


class ToldLatency:
    """Tells the latency of a client's MIDI inputs; made before the client is activated.

    Args:
        module: the package JACK-Client.
        client: whose inputs.
        inputs: gives them; called in a thread of JACK's.

    Raises:
        AttributeError, OSError: where this JACK, or this JACK-Client, does not let it be told.
    """

    def __init__(
        self, module: ModuleType, client: object, inputs: Callable[[], Sequence[object]]
    ) -> None:
        self._module = module
        self._client = client
        self._inputs = inputs
        self._frames = 0
        self._library = ctypes.CDLL(module._libname)
        self._handler = _Handler(self._answer)  # JACK does not keep it alive
        self._library.jack_set_latency_callback(self._pointer(client), self._handler, None)

    def tell(self, frames: int) -> None:
        """From now on it is so many frames."""
        if frames != self._frames:
            self._frames = frames
            self._library.jack_recompute_total_latencies(self._pointer(self._client))

    def _answer(self, mode: int, _: object) -> None:
        if mode == _PLAYBACK:
            told = ctypes.byref(_Range(self._frames, self._frames))
            for port in self._inputs():
                self._library.jack_port_set_latency_range(self._pointer(port), mode, told)

    def _pointer(self, owner: Any) -> ctypes.c_void_p:  # noqa: ANN401  # the package has no types
        return ctypes.c_void_p(int(self._module._ffi.cast("uintptr_t", owner._ptr)))
