"""A server that lies: answers a plugin's requests with whatever bytes a test gives it.

No real server sends such things; what a real one does is tested with a real one.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from osc_server.contract.framing import FrameReader, frame
from osc_server.contract.packets import OscMessage, decode, encode

Answer = Callable[[int], bytes]
"""From a request's id to the bytes that answer it."""

_JOBS = ("/magnet/generate", "/magnet/clip/get")
RATE_HZ = 48000
BAR = 96000
"""Samples of a bar at 120 BPM."""


def sent(address: str, *args: object) -> bytes:
    return frame(encode(address, *args), "length")


def chunks(request: int, samples: np.ndarray, size: int = 4096) -> bytes:
    """Audio as the server streams it."""
    pieces = [samples[i : i + size] for i in range(0, len(samples), size)]
    return b"".join(
        sent("/magnet/audio", request, index, len(pieces), piece.astype("<f4").tobytes())
        for index, piece in enumerate(pieces)
    )


def preview(request: int, samples: np.ndarray, rate_hz: int = RATE_HZ) -> bytes:
    """A preview as the server streams it."""
    pieces = [samples[i : i + 4096] for i in range(0, len(samples), 4096)]
    audio = b"".join(
        sent(
            *("/magnet/preview/audio", request, index, len(pieces), rate_hz, 2),
            piece.astype("<f4").tobytes(),
        )
        for index, piece in enumerate(pieces)
    )
    return audio + sent("/magnet/preview", request, "", 1)


def ready(request: int, *, bpm: float = 120.0, rate_hz: int = RATE_HZ, clip: str = "good") -> bytes:
    numbers = (2.0, 1.0, bpm, 120.0, 1.0, -16.0)
    return sent("/magnet/ready", request, clip, "", *numbers, 7, rate_hz, 0.1, "")


def tone() -> np.ndarray:
    """A bar of a sine, the left channel louder."""
    sine = np.sin(np.arange(BAR) * 2 * np.pi * 100 / RATE_HZ).astype(np.float32)
    return np.stack([sine * np.float32(0.5), sine * np.float32(0.25)], axis=1)


def good(request: int) -> bytes:
    """An honest answer."""
    return chunks(request, tone()) + ready(request)


class Liar:
    """What was asked, and what is answered next.

    Attributes:
        port: where it listens.
        asked: every request so far.
        answers: one for each generate or clip/get to come; honest where there are none left.
        hang_up: end the connection after an answer.
    """

    def __init__(self, answers: Sequence[Answer], hang_up: bool) -> None:
        self.asked: list[OscMessage] = []
        self.answers = list(answers)
        self.hang_up = hang_up
        self._wire: socket.socket | None = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)

    def push(self, answer: Answer) -> None:
        """Answer the newest request once more."""
        assert self._wire is not None
        newest = [m for m in self.asked if m.address in _JOBS][-1]
        self._wire.sendall(answer(int(newest.args[0])))

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                wire, _ = self._listener.accept()
                with wire, contextlib.suppress(OSError):
                    self._talk(wire)

    def _talk(self, wire: socket.socket) -> None:
        frames = FrameReader()
        self._wire = wire
        while data := wire.recv(65536):
            for packet in frames.feed(data):
                (message,) = decode(packet)
                self.asked.append(message)
                if message.address in _JOBS:
                    lies = bool(self.answers)
                    answer = self.answers.pop(0) if lies else good
                    wire.sendall(answer(int(message.args[0])))
                    if lies and self.hang_up:
                        return


@contextmanager
def lying(*answers: Answer, hang_up: bool = False) -> Iterator[Liar]:
    """A lying server for the length of the block."""
    liar = Liar(answers, hang_up)
    try:
        yield liar
    finally:
        liar.close()
