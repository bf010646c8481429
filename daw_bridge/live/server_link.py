"""The connection to the server, made again whenever the server comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from daw_bridge.client.async_client import AsyncMagnetClient
from osc_server.contract.errors import DeviceUnavailable, MagnetError

_RETRY_SECONDS = 0.3

MakeClient = Callable[[], AsyncMagnetClient]
Say = Callable[[str], None]


class ServerLink:
    """Hands out a connected client, and waits for the server where there is none.

    Args:
        make_client: makes a client that is not connected yet.
        on_change: told in one line how the server is.
    """

    def __init__(self, make_client: MakeClient, on_change: Say) -> None:
        self._make_client = make_client
        self._on_change = on_change
        self._client: AsyncMagnetClient | None = None
        self._connecting = asyncio.Lock()

    async def client(self) -> AsyncMagnetClient:
        """A connected client; waits until the server answers.

        Raises:
            Forbidden: where the token is not the server's.
        """
        async with self._connecting:
            while self._client is None:
                client = self._make_client()
                try:
                    await client.open()
                    status = await client.status()
                except DeviceUnavailable:
                    await client.close()
                    await asyncio.sleep(_RETRY_SECONDS)
                    continue
                self._on_change(f"{status.model or 'no model'} on {status.device or '?'}")
                self._client = client
            return self._client

    async def lost(self) -> None:
        """The client does not answer any more: connect anew at the next call."""
        client, self._client = self._client, None
        self._on_change("away, coming back")
        if client is not None:
            await client.close()

    async def close(self) -> None:
        """Disconnect."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()


async def first_answer(make_client: MakeClient, still_starting: Callable[[], None]) -> None:
    """Wait until a server answers.

    Args:
        make_client: makes a client that is not connected yet.
        still_starting: called between tries; raises where waiting has no sense any more.
    """
    while True:
        client = make_client()
        try:
            await client.open()
        except DeviceUnavailable:
            still_starting()
            await asyncio.sleep(_RETRY_SECONDS)
        except MagnetError:
            raise
        else:
            return
        finally:
            await client.close()
