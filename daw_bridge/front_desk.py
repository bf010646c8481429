"""The bridge's own addresses at the front port: who may, when it is due, and to whom."""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Callable
from typing import Protocol

from osc_server.contract.addresses import MAX_DATAGRAM_BYTES, TIME_TAG_WINDOW_SECONDS
from osc_server.contract.packets import OscMessage
from osc_server.contract.replies import ErrorLine
from osc_server.contract.reply_args import encode_reply

NOT_YET = "the decks are not up yet: ask again in a moment"
NO_TOKEN = "this bridge asks for a token: send /magnet/hello id token TOKEN first"

Send = Callable[[bytes], None]


class Visitor:
    """One client of the front port, as the panel knows it.

    Args:
        send: gives it a packet.
    """

    def __init__(self, send: Send) -> None:
        self.send = send
        self.trusted = False


class OwnAddresses(Protocol):
    """Who handles the bridge's own addresses."""

    def receive(self, message: OscMessage, surface: Visitor) -> None:
        """Do what a message says, and answer it."""
        ...

    def forget(self, surface: Visitor) -> None:
        """A client is gone."""
        ...


class FrontDesk:
    """Hands messages of the fader dialect to whoever owns them.

    Args:
        token: the shared secret; empty where none is needed.
    """

    def __init__(self, token: str = "") -> None:
        self._token = token
        self._owner: OwnAddresses | None = None

    def hand_to(self, owner: OwnAddresses) -> None:
        """From now on this one handles them."""
        self._owner = owner

    def shown(self, token: str | None, visitor: Visitor) -> None:
        """A visitor showed a token, which the server judges too."""
        if token is not None and self._token:
            visitor.trusted = hmac.compare_digest(token.encode(), self._token.encode())

    def receive(self, message: OscMessage, visitor: Visitor) -> None:
        """Handle a message when it is due."""
        if self._token and not visitor.trusted:
            self._complain(visitor, NO_TOKEN)
            return
        due = message.due_unix_seconds
        ahead_seconds = 0.0 if due is None else due - time.time()
        if abs(ahead_seconds) > TIME_TAG_WINDOW_SECONDS:
            self._complain(
                visitor,
                f"a time tag {ahead_seconds:.0f} s away was done now: is the clock of the sender "
                "right?",
            )
        elif ahead_seconds > 0:
            asyncio.get_running_loop().call_later(ahead_seconds, self._do, message, visitor)
            return
        self._do(message, visitor)

    def forget(self, visitor: Visitor) -> None:
        """A visitor has gone."""
        if self._owner is not None:
            self._owner.forget(visitor)

    def _do(self, message: OscMessage, visitor: Visitor) -> None:
        if self._owner is None:
            self._complain(visitor, NOT_YET)
        else:
            self._owner.receive(message, visitor)

    def _complain(self, visitor: Visitor, text: str) -> None:
        visitor.send(encode_reply(ErrorLine(text), MAX_DATAGRAM_BYTES))
