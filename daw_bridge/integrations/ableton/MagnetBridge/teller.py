"""Telling people: those who asked, over OSC; the musician, in the status bar; the log."""

from __future__ import annotations

from .host import Host
from .osc import OscValue
from .wire import Address, Wire
from .words import ROOT

_STATUS_SECONDS = 0.5
"""The status bar changes no oftener."""


class Teller:
    """Answers askers where they want to hear it, and shows the musician the same.

    Args:
        wire: from which answers go.
        host: Live.
    """

    def __init__(self, wire: Wire, host: Host) -> None:
        self._wire = wire
        self._host = host
        self._ports: dict[Address, int] = {}
        self._shown_at = 0.0

    def move(self, asker: Address, port: int) -> int:
        """Answer an asker at another port of this computer; 0 = where it sends from."""
        self._ports[asker] = port or asker[1]
        return self._ports[asker]

    def answer(self, asker: Address, word: str, *args: OscValue) -> None:
        """Send ``/live-magnet/<word>``."""
        port = self._ports.get(asker, asker[1])
        self._wire.send((asker[0], port), ROOT + word, *args)

    def fail(self, asker: Address, order_id: OscValue, code: str, text: str) -> None:
        """Say to everybody what did not work, and why."""
        self.answer(asker, "failed", order_id, code, text)
        self._host.show(f"MAGNeT: {text}")
        self._host.log(f"{code}: {text}")

    def show(self, text: str, now: float) -> None:
        """Show a line."""
        self._shown_at = now
        self._host.show(f"MAGNeT: {text}")

    def show_progress(self, text: str, now: float) -> None:
        """Show a line unless one was shown a moment ago."""
        if now - self._shown_at >= _STATUS_SECONDS:
            self.show(text, now)

    def log(self, text: str) -> None:
        """Write a line to Live's log."""
        self._host.log(text)
