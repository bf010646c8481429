"""From a packet to its handlers: decode, wait for the time tag, parse, hand over, answer for it."""

from __future__ import annotations

from itertools import groupby

from osc_server.contract.errors import BadRequest
from osc_server.contract.packets import MalformedPacket, OscMessage, decode
from osc_server.contract.parameters import read_id
from osc_server.contract.parsing import parse_request
from osc_server.contract.replies import ErrorLine
from osc_server.contract.requests import RequestId
from osc_server.endpoint.handlers import Handlers
from osc_server.endpoint.quiet import QuietLog
from osc_server.endpoint.schedule import Schedule
from osc_server.endpoint.subscribers import Client


class Malformed:
    """Packets that were not OSC: how many, and a word to the sender and into the log, seldom."""

    def __init__(self, log: QuietLog) -> None:
        self.count = 0
        self._log = log

    def report(self, client: Client, error: MalformedPacket) -> None:
        """Count one and say so."""
        self.count += 1
        client.complain(f"a packet was not understood: {error}")
        self._log.warning(f"malformed packet from {client.key}: {error}")


class Router:
    """Takes packets from the transports; never raises, whatever they hold."""

    def __init__(self, handlers: Handlers, schedule: Schedule, malformed: Malformed) -> None:
        self._handlers = handlers
        self._schedule = schedule
        self._malformed = malformed

    def receive(self, client: Client, packet: bytes) -> None:
        """Handle a packet; its messages run in order, those of one bundle together."""
        try:
            messages = decode(packet)
        except MalformedPacket as error:
            self.reject(client, error)
            return
        for due_unix_seconds, group in groupby(messages, lambda m: m.due_unix_seconds):
            self._run(client, due_unix_seconds, list(group))

    def reject(self, client: Client, error: MalformedPacket) -> None:
        """Count what was no packet at all, and say so."""
        self._malformed.report(client, error)

    def forget(self, client: Client) -> None:
        """A client has gone."""
        self._handlers.forget(client)

    def _run(self, client: Client, due: float | None, messages: list[OscMessage]) -> None:
        def action() -> None:
            for message in messages:
                if not client.gone:
                    self._dispatch(client, message)

        complaint = self._schedule.run(due, action)
        if complaint:
            client.complain(complaint)

    def _dispatch(self, client: Client, message: OscMessage) -> None:
        request_id: RequestId | None = None
        try:
            request_id = read_id(message.args[0] if message.args else None)
            _refuse_patterns(message.address)
            self._handlers.handle(client, parse_request(message))
        except Exception as error:  # noqa: BLE001  # the room's door
            if request_id is not None:
                client.send(self._handlers.failure(request_id, error))
            else:
                client.send(ErrorLine(f"{message.address[:80]}: {error}"))


def _refuse_patterns(address: str) -> None:
    if any(character in address for character in "*?[]{}"):
        raise BadRequest(
            "address patterns are not taken: write the address in full; /magnet/help lists them"
        )
