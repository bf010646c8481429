"""Whole servers for tests: the composition root with a real worker process and real sockets."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from osc_server.app import serve
from osc_server.config import ServerConfig
from osc_server.contract.framing import FrameReader, frame
from osc_server.contract.packets import decode, encode

PATIENCE_SECONDS = 30.0


class RunningServer:
    """A server on another thread of this process."""

    def __init__(self, config, open_engine):
        self.config = config
        self.port = 0
        self._listening = threading.Event()
        self._task = None
        self._error = None
        self._thread = threading.Thread(target=self._run, args=(open_engine,))
        self._thread.start()
        assert self._listening.wait(PATIENCE_SECONDS)
        if self._error is not None:
            self._thread.join()
            raise self._error

    @property
    def worker_pid(self):
        """The one worker of the one server of this process."""
        (worker,) = multiprocessing.active_children()
        return worker.pid

    def stop(self):
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join()

    def _run(self, open_engine):
        async def run():
            self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
            await serve(self.config, ready=self._take_port, open_engine=open_engine)

        try:
            asyncio.run(run())
        except asyncio.CancelledError:
            pass
        except Exception as error:  # noqa: BLE001 - raised where it was started
            self._error = error
            self._listening.set()

    def _take_port(self, port):
        self.port = port
        self._listening.set()


@contextmanager
def running_server(folder: Path, open_engine, **settings) -> Iterator[RunningServer]:
    """A server whose clips, models and presets lie in ``folder``."""
    folders = {name: folder / name for name in ("clips", "models", "presets")}
    server = RunningServer(
        ServerConfig(**{"port": 0, "model": "tone", **folders, **settings}), open_engine
    )
    try:
        yield server
    finally:
        server.stop()


class Wire:
    """A client with one socket, UDP or TCP; replies are (address, arguments)."""

    def __init__(self, port, transport="udp"):
        kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
        self._socket = socket.socket(type=kind)
        self._socket.settimeout(PATIENCE_SECONDS)
        self._socket.connect(("127.0.0.1", port))
        self._frames = FrameReader() if transport == "tcp" else None
        self._packets = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def send(self, address, *args):
        packet = encode(f"/magnet/{address}", *args)
        self._socket.send(frame(packet, "length") if self._frames else packet)

    def receive(self):
        while not self._packets:
            data = self._socket.recv(1 << 16)
            assert data, "the server hung up"
            self._packets += self._frames.feed(data) if self._frames else [data]
        (message,) = decode(self._packets.pop(0))
        return message.address.removeprefix("/magnet/"), message.args

    def until(self, *addresses):
        """Every reply up to the first with one of these addresses."""
        replies = [self.receive()]
        while replies[-1][0] not in addresses:
            replies.append(self.receive())
        return replies

    def end_of(self, request_id):
        """The last reply of a job; what comes for others meanwhile is dropped."""
        while True:
            address, args = self.until("ready", "failed", "cancelled")[-1]
            if args[0] == request_id:
                return address, args

    def generate(self, request_id, prompt="bass", *names):
        self.send("generate", request_id, "prompt", prompt, *names)
        return self.end_of(request_id)


class ServerCommand:
    """``magnet-server`` as its own process, as a musician starts it."""

    def __init__(self, folder: Path, *options: str):
        flags = [f"--{name}={folder / name}" for name in ("clips", "models", "presets")]
        command = [sys.executable, "-m", "osc_server.cli", "--port=0", *flags, "--model=tone:0.05"]
        command += options
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "XDG_CONFIG_HOME": str(folder)},
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def port(self):
        """Waits until it listens, and says where."""
        line = self.process.stdout.readline()
        assert " listens on 127.0.0.1:" in line, self.process.stderr.read()
        return int(line.split("127.0.0.1:")[1].split()[0])

    def end(self, number=signal.SIGTERM, seconds=PATIENCE_SECONDS):
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=seconds)
        return self.process.returncode, out, err
