"""How soon a request is accepted while the model renders, and whether 20 clients stay apart.

    python benchmarks/accepted_latency.py

Starts ``magnet-server`` on loopback with the embedded model (the tone engine where its weights are
not there), keeps it rendering without a pause, and measures from before ``generate`` is sent until
``accepted`` is there, over UDP and TCP. Then 20 clients with the same ids ask at once, and every
reply is compared with what its receiver asked for. Ends with code 1 where p99 exceeds 10 ms or a
reply went astray.
"""

from __future__ import annotations

import argparse
import os
import random
import selectors
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from osc_server.app import embedded_folder
from osc_server.contract.framing import FrameReader, frame
from osc_server.contract.packets import OscValue, decode, encode

LIMIT_MS = 10.0
N_CLIENTS = 20
_PATIENCE_SECONDS = 120.0

Reply = tuple[str, tuple[OscValue, ...]]


class Peer:
    """A client with one blocking socket."""

    def __init__(self, port: int, transport: str) -> None:
        kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
        self.socket = socket.socket(type=kind)
        self.socket.settimeout(_PATIENCE_SECONDS)
        self.socket.connect(("127.0.0.1", port))
        self._frames = FrameReader() if transport == "tcp" else None

    def send(self, verb: str, *args: OscValue) -> None:
        """Send a request."""
        packet = encode(f"/magnet/{verb}", *args)
        self.socket.send(frame(packet, "length") if self._frames else packet)

    def received(self) -> list[Reply]:
        """What comes with the next read; waits for it."""
        data = self.socket.recv(1 << 16)
        if not data:
            raise ConnectionError("the server hung up")
        packets = self._frames.feed(data) if self._frames else [data]
        messages = [decode(packet)[0] for packet in packets if isinstance(packet, bytes)]
        return [(message.address.removeprefix("/magnet/"), message.args) for message in messages]

    def until(self, *verbs: str) -> Reply:
        """The next reply with one of these verbs; what comes before it is dropped."""
        while True:
            for reply in self.received():
                if reply[0] in verbs:
                    return reply


@dataclass(frozen=True, slots=True)
class Running:
    """A server: the port it listens on, and its process."""

    port: int
    pid: int


@contextmanager
def server(model: str, folder: Path, *more_flags: str) -> Iterator[Running]:
    """A server as a process of its own."""
    flags = [f"--{name}={folder / name}" for name in ("clips", "models", "presets")]
    command = [sys.executable, "-m", "osc_server.cli", "--port=0", f"--model={model}", *flags]
    command += more_flags
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline().split("127.0.0.1:")[1].split()[0])
            yield Running(port, process.pid)
        finally:
            process.terminate()


class Load:
    """Keeps the model rendering: as soon as a clip is ready, the next one is asked for."""

    def __init__(self, port: int) -> None:
        self._peer = Peer(port, "tcp")
        self._ending = False
        self.n_clips = 0
        self._peer.send("generate", 0, "prompt", "drums", "bars", 4)
        self._peer.until("progress")
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        number = 0
        while not self._ending:
            number += 1
            self._peer.send("generate", number, "prompt", "drums", "bars", 4)
            self._peer.until("ready")
            self.n_clips += 1

    def end(self) -> None:
        """Let the last clip get ready."""
        self._ending = True
        self._thread.join()


def measure(port: int, transport: str, n_requests: int) -> list[float]:
    """Milliseconds from request to ``accepted``, at uneven intervals of 0 to 20 ms."""
    peer, waits = Peer(port, transport), []
    for number in range(n_requests):
        time.sleep(random.uniform(0, 0.02))
        begun = time.perf_counter()
        peer.send("generate", number, "prompt", "bass", "bars", 1)
        reply = peer.until("accepted", "failed")
        waits.append((time.perf_counter() - begun) * 1000)
        if reply[0] == "failed":
            raise SystemExit(f"refused: {reply[1]}")
        peer.send("cancel", number)
        peer.until("cancelled")
    return waits


def crowd(port: int) -> tuple[list[float], int]:
    """20 clients ask at once under the same id.

    Returns:
        Milliseconds until each was accepted, and how many replies went to the wrong client.
    """
    peers = [Peer(port, "udp" if number % 2 else "tcp") for number in range(N_CLIENTS)]
    begun = time.perf_counter()
    for number, peer in enumerate(peers):  # its tempo tells whose clip a reply is about
        peer.send("generate", "same id", "prompt", "bass", "bars", 1, "bpm", 100.0 + number)
    accepted: dict[int, float] = {}
    ready: dict[int, OscValue] = {}
    strays = 0
    with selectors.DefaultSelector() as selector:
        for number, peer in enumerate(peers):
            selector.register(peer.socket, selectors.EVENT_READ, number)
        deadline = begun + _PATIENCE_SECONDS
        while len(ready) < N_CLIENTS and time.perf_counter() < deadline:
            for key, _ in selector.select(1.0):
                for verb, args in peers[key.data].received():
                    if verb == "accepted" and key.data not in accepted:
                        accepted[key.data] = (time.perf_counter() - begun) * 1000
                    elif verb == "ready" and key.data not in ready:
                        ready[key.data] = args[5]
                    else:
                        strays += verb != "progress"
    strays += sum(ready.get(number) != 100.0 + number for number in range(N_CLIENTS))
    return list(accepted.values()), strays


def report(what: str, waits: list[float]) -> float:
    """Print the figures of a series and give its p99."""
    p50, p99 = (float(np.percentile(waits, share)) for share in (50, 99))
    print(
        f"{what:<28} n {len(waits):>5}   p50 {p50:6.2f} ms   p99 {p99:6.2f} ms   "
        f"max {max(waits):6.2f} ms"
    )
    return p99


def main() -> int:
    """Run it all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--model", default="")
    arguments = parser.parse_args()
    has_weights = (embedded_folder() / "state_dict.bin").is_file()
    model = arguments.model or ("embedded" if has_weights else "tone:0.05")
    print(f"model {model}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the start")
    with tempfile.TemporaryDirectory() as folder, server(model, Path(folder)) as found:
        port = found.port
        load = Load(port)
        try:
            worst = max(
                report(
                    f"{transport}, while rendering", measure(port, transport, arguments.requests)
                )
                for transport in ("udp", "tcp")
            )
            waits, strays = crowd(port)
            report(f"{N_CLIENTS} clients at once", waits)
        finally:
            load.end()
        print(f"{load.n_clips} clips were rendered meanwhile; {strays} replies went astray")
    return 1 if strays or worst > LIMIT_MS else 0


if __name__ == "__main__":
    sys.exit(main())
