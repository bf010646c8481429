"""Clients are kept apart: twenty at once, with the same ids, each get their own replies."""

import asyncio

from osc_server.contract import replies
from osc_server.endpoint.subscribers import MAX_STRANGERS, MAX_UDP_CLIENTS, Subscribers
from tests.osc_server.endpoint.peers import (
    HandBackend,
    TcpPeer,
    UdpPeer,
    ask,
    line,
    lines_up_to,
    open_endpoint,
    ready,
    run,
)


class QuickBackend(HandBackend):
    """Finishes each job in a few turns of the loop; the clip is named after the prompt."""

    def submit(self, request, client, on_reply):
        accepted = super().submit(request, client, on_reply)
        asyncio.get_running_loop().create_task(self._render(client, request, on_reply))
        return accepted

    async def _render(self, client, request, on_reply):
        for step in range(1, 6):
            await asyncio.sleep(0)
            on_reply(replies.Progress(request.id, step / 5, step, 5, 0.0))
        del self.jobs[client, request.id]
        on_reply(ready(request.id, clip=request.prompt))


async def play(peer, name: str) -> None:
    for job in range(10):
        prompt = f"{name} job {job}"
        assert (await ask(peer, "/magnet/generate", 1, "prompt", prompt))[:2] == (
            "/magnet/accepted", 1,
        )  # fmt: skip
        *progress, end = await lines_up_to(peer, "/magnet/ready")
        assert {told[0] for told in progress} == {"/magnet/progress"}
        assert end[:3] == ("/magnet/ready", 1, prompt)
        assert await ask(peer, "/magnet/ping", prompt) == ("/magnet/pong", prompt)
    await peer.close()


def test_twenty_clients_at_once_get_their_own_replies():
    async def test():
        async with open_endpoint(QuickBackend()) as endpoint:
            peers = [await UdpPeer.connect(endpoint.port) for _ in range(10)]
            peers += [await TcpPeer.connect(endpoint.port) for _ in range(5)]
            peers += [await TcpPeer.connect(endpoint.port, "slip") for _ in range(5)]
            await asyncio.gather(*(play(peer, f"client {n}") for n, peer in enumerate(peers)))

    run(test)


def test_a_job_of_another_client_cannot_be_cancelled():
    async def test():
        backend = HandBackend()
        async with open_endpoint(backend) as endpoint:
            one, other = await UdpPeer.connect(endpoint.port), await UdpPeer.connect(endpoint.port)
            await ask(one, "/magnet/generate", 1, "prompt", "x")
            assert (await ask(other, "/magnet/cancel", 1))[0] == "/magnet/failed"
            backend.job(1)(ready(1))
            assert (await line(one))[0] == "/magnet/ready"
            await one.close()
            await other.close()

    run(test)


def subscribers(needs_token: bool = False) -> Subscribers:
    return Subscribers(needs_token, lambda: 0.0)


def test_a_udp_sender_stays_the_same_client():
    clients = subscribers()
    first = clients.from_udp(("127.0.0.1", 5000), object)
    assert clients.from_udp(("127.0.0.1", 5000), object) is first
    assert clients.from_udp(("127.0.0.1", 5001), object) is not first


def test_two_connections_from_the_same_address_are_two_clients():
    clients = subscribers()
    keys = {clients.from_tcp(("127.0.0.1", 5000), object()).key for _ in range(2)}
    assert len(keys) == 2


def test_silent_udp_senders_are_forgotten_but_not_their_jobs():
    clients = subscribers()
    busy = clients.from_udp(("127.0.0.1", 1), object)
    idle = clients.from_udp(("127.0.0.1", 2), object)
    busy.live[7] = None
    for port in range(10_000, 10_000 + 3 * MAX_UDP_CLIENTS):
        clients.from_udp(("127.0.0.1", port), object)
    assert len(clients._known) <= MAX_UDP_CLIENTS + 1
    assert clients.from_udp(("127.0.0.1", 1), object) is busy
    assert clients.from_udp(("127.0.0.1", 2), object) is not idle


def test_strangers_do_not_push_out_who_has_shown_the_token():
    clients = subscribers(needs_token=True)
    known = clients.from_udp(("127.0.0.1", 1), object)
    known.authorised = True
    for port in range(10_000, 10_000 + 3 * MAX_STRANGERS):
        assert not clients.from_udp(("127.0.0.1", port), object).authorised
    assert clients.from_udp(("127.0.0.1", 1), object) is known
    assert len(clients._strangers) <= MAX_STRANGERS + 1
