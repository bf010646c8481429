"""What the endpoint's tests talk to it with: plain UDP and TCP peers, and a backend by hand."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import numpy as np
from numpy.typing import NDArray

from osc_server.contract import replies, requests
from osc_server.contract.errors import BadRequest, StorageFailed
from osc_server.contract.framing import FrameReader, Framing, frame
from osc_server.contract.packets import OscMessage, OscValue, decode, encode
from osc_server.endpoint.backend import OnFetching, OnReply
from osc_server.endpoint.listen import Endpoint, listen

PATIENCE_SECONDS = 10.0


def ready(request_id: int | str, clip: str = "c1", path: str = "/clips/c1.wav") -> replies.Ready:
    return replies.Ready(
        request_id, clip, path, 0.5, 1.0, 120.0, 0.0, 1.0, -14.0, 7, 48000, 0.25
    )  # fmt: skip


class HandBackend:
    """Keeps jobs until the test says what becomes of them."""

    def __init__(self) -> None:
        self.jobs: dict[tuple[str, int | str], tuple[requests.GenerateClip, OnReply]] = {}
        self.forgotten: list[str] = []
        self.cancelled: list[tuple[str, int | str]] = []
        self.refusal: Exception | None = None
        self.audio = np.zeros((4, 1), np.float32)
        self.gate = asyncio.Event()
        self.gate.set()

    def _check(self) -> None:
        if self.refusal is not None:
            raise self.refusal

    def job(self, request_id: int | str) -> OnReply:
        """What takes the replies of the one job with this id."""
        (found,) = [job[1] for key, job in self.jobs.items() if key[1] == request_id]
        return found

    def submit(
        self, request: requests.GenerateClip, client: str, on_reply: OnReply
    ) -> replies.Accepted:
        self._check()
        self.jobs[client, request.id] = request, on_reply
        return replies.Accepted(request.id, len(self.jobs) - 1, 1.5)

    def cancel(self, client: str, request_id: int | str) -> None:
        self.cancelled.append((client, request_id))
        _, on_reply = self.jobs.pop((client, request_id))
        on_reply(replies.CancelledReply(request_id))

    def forget(self, client: str) -> None:
        self.forgotten.append(client)

    def status(self, request: requests.Status) -> replies.StatusReply:
        return replies.StatusReply(request.id, model="hand", queue_length=len(self.jobs))

    async def models(self, request: requests.ListModels) -> Sequence[replies.ModelItem]:
        self._check()
        await self.gate.wait()
        return [replies.ModelItem(request.id, "hand", True, True, "MIT", 48000, 10.0, True, 1000)]

    async def load_model(self, request: requests.LoadModel) -> replies.ModelLoaded:
        self._check()
        return replies.ModelLoaded(request.id, request.model)

    async def unload_model(self, request: requests.UnloadModel) -> replies.ModelUnloaded:
        return replies.ModelUnloaded(request.id)

    async def fetch_model(
        self, request: requests.FetchModel, on_fetching: OnFetching
    ) -> replies.ModelFetched:
        self._check()
        on_fetching(replies.ModelLicence(request.id, request.model, "not for sale"))
        for percent in range(101):
            on_fetching(
                replies.ModelFetching(request.id, request.model, percent / 100, percent, 100, 1.0)
            )
        await self.gate.wait()
        return replies.ModelFetched(request.id, request.model)

    async def presets(self, request: requests.ListPresets) -> Sequence[replies.PresetItem]:
        return [replies.PresetItem(request.id, f"p{n}", "a preset", "words") for n in range(3)]

    async def clips(self, request: requests.ListClips) -> Sequence[replies.ClipItem]:
        return [
            replies.ClipItem(request.id, f"c{n}", f"/c{n}.wav", "w" * 2000, 4.0, 120.0, 8.0, "now")
            for n in range(request.limit)
        ]

    async def clip(self, request: requests.GetClip) -> replies.Ready:
        if request.clip != "c1":
            raise BadRequest(f"there is no clip {request.clip}")
        return ready(request.id)

    async def landed(self, request: requests.Landed) -> replies.ClipNoted:
        if request.clip != "c1":
            raise BadRequest(f"there is no clip {request.clip}")
        return replies.ClipNoted(request.id, request.clip)

    async def read_wav(self, path: str) -> tuple[NDArray[np.float32], int]:
        if path == "/clips/c1.wav":
            self._check()
            return self.audio, 48000
        if path == "/gone.wav":
            raise StorageFailed("the preview is gone")
        return self.audio / 2, 44100


class UdpPeer(asyncio.DatagramProtocol):
    """A client with one UDP socket."""

    def __init__(self) -> None:
        self.inbox: asyncio.Queue[bytes] = asyncio.Queue()
        self.transport: asyncio.DatagramTransport

    @classmethod
    async def connect(cls, port: int) -> UdpPeer:
        loop = asyncio.get_running_loop()
        _, peer = await loop.create_datagram_endpoint(cls, remote_addr=("127.0.0.1", port))
        return peer

    @classmethod
    async def bind(cls) -> UdpPeer:
        loop = asyncio.get_running_loop()
        _, peer = await loop.create_datagram_endpoint(cls, local_addr=("127.0.0.1", 0))
        return peer

    @property
    def port(self) -> int:
        return self.transport.get_extra_info("sockname")[1]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.inbox.put_nowait(data)

    async def send_packet(self, packet: bytes) -> None:
        self.transport.sendto(packet)

    async def next_packet(self) -> bytes:
        return await asyncio.wait_for(self.inbox.get(), PATIENCE_SECONDS)

    async def close(self) -> None:
        self.transport.close()


class TcpPeer:
    """A client with one TCP connection."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, framing: Framing
    ) -> None:
        self.reader = reader
        self.writer = writer
        self.framing = framing
        self._frames = FrameReader()
        self._packets: list[bytes] = []

    @classmethod
    async def connect(cls, port: int, framing: Framing = "length") -> TcpPeer:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        return cls(reader, writer, framing)

    async def send_packet(self, packet: bytes) -> None:
        self.writer.write(frame(packet, self.framing))
        await self.writer.drain()

    async def next_packet(self) -> bytes:
        while not self._packets:
            data = await asyncio.wait_for(self.reader.read(1 << 16), PATIENCE_SECONDS)
            if not data:
                raise ConnectionResetError
            for packet in self._frames.feed(data):
                assert isinstance(packet, bytes)
                self._packets.append(packet)
        return self._packets.pop(0)

    async def close(self) -> None:
        self.writer.close()
        await self.writer.wait_closed()


Peer = UdpPeer | TcpPeer


async def send(peer: Peer, address: str, *args: OscValue) -> None:
    await peer.send_packet(encode(address, *args))


async def receive(peer: Peer) -> OscMessage:
    (message,) = decode(await peer.next_packet())
    return message


async def ask(peer: Peer, address: str, *args: OscValue) -> tuple[str, *tuple[OscValue, ...]]:
    """Send a request and give the next reply as a line: address, then arguments."""
    await send(peer, address, *args)
    return await line(peer)


async def line(peer: Peer) -> tuple[str, *tuple[OscValue, ...]]:
    message = await receive(peer)
    return (message.address, *message.args)


async def lines_up_to(peer: Peer, address: str) -> list[tuple[str, *tuple[OscValue, ...]]]:
    """Every line that comes, up to the one with this address."""
    lines = [await line(peer)]
    while lines[-1][0] != address:
        lines.append(await line(peer))
    return lines


@asynccontextmanager
async def open_endpoint(
    backend: HandBackend | None = None,
    *,
    token: str = "",
    unix_seconds: Callable[[], float] = time.time,
) -> AsyncIterator[Endpoint]:
    endpoint = await listen(
        backend or HandBackend(), host="127.0.0.1", port=0, token=token, unix_seconds=unix_seconds
    )
    try:
        yield endpoint
    finally:
        await endpoint.close()


async def until(condition: Callable[[], bool]) -> None:
    """Let the event loop turn until something holds."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():
            await asyncio.sleep(0)


def run(test: Callable[[], Awaitable[None]]) -> None:
    """Run an async test, bounded in time."""

    async def bounded() -> None:
        async with asyncio.timeout(60):
            await test()

    asyncio.run(bounded())
