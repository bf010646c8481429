"""One open page, as the panel knows it: a surface."""

from __future__ import annotations

from daw_bridge.page.outbox import Outbox
from osc_server.contract.packets import decode

ERROR = "/magnet/error"


class PageVisitor:
    """Takes what the panel tells, and holds it for the browser."""

    def __init__(self) -> None:
        self.outbox = Outbox()

    def send(self, packet: bytes) -> None:
        """Take what the panel tells."""
        for message in decode(packet):
            value = message.args[0] if message.args else None
            if message.address == ERROR:
                self.outbox.put_each(message.address, value)
            else:
                self.outbox.put(message.address, value)
