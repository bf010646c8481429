"""Live as the desk sees it, and what the desk remembers of each request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from .osc import OscValue
from .places import Target
from .wire import Address

if TYPE_CHECKING:
    from Live.Song import Song

    from .landing import LiveKit


class Host(Protocol):
    """Live, as far as this script needs it.

    Attributes:
        kit: what only Live's own module can make.
    """

    kit: LiveKit

    def open_set(self) -> Song:
        """The set that is open."""
        ...

    def focused_view(self) -> str:
        """``Session`` or ``Arranger``."""
        ...

    def show(self, text: str) -> None:
        """Show a line in the status bar."""
        ...

    def log(self, text: str) -> None:
        """Write a line to Live's log."""
        ...


@dataclass(frozen=True)
class Errand:
    """Who asked for a job, and where its clips go.

    Attributes:
        asker: whom to answer.
        id: theirs.
        song: the set it was asked in.
        target: where the best clip is to land.
        verb: what was asked.
    """

    asker: Address
    id: OscValue
    song: Song
    target: Target
    verb: str
