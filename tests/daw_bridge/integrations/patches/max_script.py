"""A script of Max's ``js`` object under node, with the ``udpsend`` and ``udpreceive`` beside it."""

from __future__ import annotations

import json
import socket
import subprocess
from pathlib import Path
from typing import Any

from osc_server.contract.packets import decode, encode
from tests.tools import require_tool

TO_NET, TO_PORT, TO_PROGRESS, TO_STATE = range(4)


class MaxScript:
    """A running script.

    Args:
        path: of the script.
        port: to which its ``udpsend`` sends.
    """

    def __init__(self, path: Path, port: int) -> None:
        node = require_tool("node", package="nodejs")
        self._process = subprocess.Popen(
            [node, str(Path(__file__).with_name("max_js.js")), str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._to = ("127.0.0.1", port)
        self._send = socket.socket(type=socket.SOCK_DGRAM)
        self._receive: socket.socket | None = None
        self.sent: list[list[Any]] = []
        self.connected = True

    def __enter__(self) -> MaxScript:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()
        self._send.close()
        if self._receive is not None:
            self._receive.close()

    def say(self, *words: Any) -> list[list[Any]]:
        """Send it a message; what left its outlets."""
        return self._order(say=list(words))

    def wait(self, ms: float) -> list[list[Any]]:
        """Let Max's scheduler go on."""
        return self._order(wait=ms)

    def is_on(self, path: str) -> None:
        """Put the device on a track, by Live's path of it."""
        self._order(track=path)

    def all(self, outlet: int, word: str | None = None) -> list[list[Any]]:
        """What left an outlet so far, as lists behind their first word if one is given."""
        found = [message[1:] for message in self.sent if message[0] == outlet]
        return found if word is None else [m[1:] for m in found if m and m[0] == word]

    @property
    def state(self) -> str:
        """What its state line shows."""
        return str(self.all(TO_STATE, "set")[-1][0])

    def listen(self) -> None:
        """Give it what has come in on its port."""
        while self._receive is not None:
            try:
                packet = self._receive.recv(1 << 16)
            except BlockingIOError:
                return
            for message in decode(packet):
                self.say(message.address, *message.args)

    def _order(self, **order: Any) -> list[list[Any]]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the script broke"
        messages: list[list[Any]] = json.loads(line)
        for message in messages:
            self.sent.append(message)
            self._carry(message)
        return messages

    def _carry(self, message: list[Any]) -> None:
        outlet, *words = message
        if outlet == TO_PORT and words[0] == "port":
            if self._receive is not None:
                self._receive.close()
            self._receive = socket.socket(type=socket.SOCK_DGRAM)
            self._receive.setblocking(False)
            self._receive.bind(("127.0.0.1", words[1]))
        elif outlet == TO_NET and self.connected:
            self._send.sendto(encode(*words), self._to)
