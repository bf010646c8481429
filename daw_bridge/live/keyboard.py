"""Keys and lines from the terminal, on any system, without holding anything up."""

from __future__ import annotations

import asyncio
import codecs
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

OnText = Callable[[str], None]


@contextmanager
def keys(on_keys: OnText, stream: IO[str] | None = None) -> Iterator[bool]:
    """Read the terminal while the block lasts.

    Where it is a real terminal, ``on_keys`` gets each key at once and nothing is echoed; else it
    gets whole lines, as from a pipe. It is called on the running event loop.

    Yields:
        Whether it is a real terminal.
    """
    source = stream or sys.stdin
    if source is None:  # a program without a terminal has none
        yield False
        return
    loop = asyncio.get_running_loop()
    ending = threading.Event()

    def deliver(text: str) -> None:
        if not ending.is_set() and not loop.is_closed():
            loop.call_soon_threadsafe(on_keys, text)

    is_terminal = source.isatty() and sys.stdout.isatty()
    with _raw_keys(source) if is_terminal else _lines(source) as read:
        # A daemon, since a read from a terminal cannot be broken off.
        threading.Thread(
            target=_pump, args=(read, deliver, ending), name="keyboard", daemon=True
        ).start()
        try:
            yield is_terminal
        finally:
            ending.set()


def _pump(read: Callable[[], str], deliver: OnText, ending: threading.Event) -> None:
    while not ending.is_set():
        try:
            text = read()
        except (OSError, ValueError):  # the terminal was closed
            return
        if not text:
            return
        deliver(text)


@contextmanager
def _lines(source: IO[str]) -> Iterator[Callable[[], str]]:
    yield source.readline


if sys.platform == "win32":
    _ARROWS = {"H": "\x1b[A", "P": "\x1b[B"}

    @contextmanager
    def _raw_keys(source: IO[str]) -> Iterator[Callable[[], str]]:
        import msvcrt
        import signal

        def read() -> str:
            while True:
                key = msvcrt.getwch()
                if key == "\x03":  # Ctrl-C is a key like any other here
                    signal.raise_signal(signal.SIGINT)
                elif key not in ("\x00", "\xe0"):
                    return key
                elif arrow := _ARROWS.get(msvcrt.getwch()):
                    return arrow

        yield read

else:

    @contextmanager
    def _raw_keys(source: IO[str]) -> Iterator[Callable[[], str]]:
        import termios
        import tty

        descriptor = source.fileno()
        before = termios.tcgetattr(descriptor)
        decoder = codecs.getincrementaldecoder("utf-8")("replace")

        def read() -> str:
            while raw := os.read(descriptor, 1024):
                if text := decoder.decode(raw):
                    return text
            return ""

        tty.setcbreak(descriptor)
        try:
            yield read
        finally:
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
