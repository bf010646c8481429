"""A peer on each of the wires."""

from contextlib import asynccontextmanager

import pytest

from tests.osc_server.endpoint.peers import (
    TcpPeer,
    UdpPeer,
    open_endpoint,
)


@pytest.fixture(params=["udp", "tcp length", "tcp slip"])
def connect(request):
    """Opens an endpoint and a peer: ``async with connect(backend) as peer``."""

    @asynccontextmanager
    async def connected(backend=None, **settings):
        async with open_endpoint(backend, **settings) as endpoint:
            if request.param == "udp":
                peer = await UdpPeer.connect(endpoint.port)
            else:
                peer = await TcpPeer.connect(endpoint.port, request.param.split()[1])
            try:
                yield peer
            finally:
                await peer.close()

    return connected
