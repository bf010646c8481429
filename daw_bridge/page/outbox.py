"""What a page has yet to be told: of each thing the newest, so that it can never grow."""

from __future__ import annotations

import asyncio
from itertools import count

_MOST_SENTENCES = 16


class Outbox:
    """Holds frames until the network takes them; a newer one of the same kind replaces the older.

    A browser that reads slowly, a phone in a pocket, is told less often, never late: what it gets
    is how things stand when it reads.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, tuple[str, object]] = {}
        self._sentences: list[str] = []
        self._numbers = count()
        self._filled = asyncio.Event()

    def put(self, name: str, value: object, kind: str = "") -> None:
        """Tell a value; ``kind`` sets apart what has one name: the takes of decks 1 and 2."""
        key = name + kind
        self._waiting.pop(key, None)  # goes to the end: after what was told before it
        self._waiting[key] = (name, value)
        self._filled.set()

    def put_each(self, name: str, value: object) -> None:
        """Tell something that must not be replaced by the next of its kind; of many the newest."""
        key = f"{name} #{next(self._numbers)}"
        self._sentences.append(key)
        if len(self._sentences) > _MOST_SENTENCES:
            self._waiting.pop(self._sentences.pop(0), None)
        self._waiting[key] = (name, value)
        self._filled.set()

    async def take(self) -> list[tuple[str, object]]:
        """Wait until there is something, and take all of it."""
        await self._filled.wait()
        self._filled.clear()
        frames = list(self._waiting.values())
        self._waiting.clear()
        self._sentences.clear()
        return frames

    def __len__(self) -> int:
        return len(self._waiting)
