"""The connection to the server, made again whenever the server comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from daw_bridge.client.async_client import AsyncMagnetClient
from osc_server.contract.errors import DeviceUnavailable

_RETRY_SECONDS = 0.3

MakeClient = Callable[[], AsyncMagnetClient]


class ServerLink:
    """Hands out a connected client, and waits for the server where there is none.

    Args:
        make_client: makes a client that is not connected yet.
        on_change: told in one line how the server is.
        absent: that line while no server answers.
    """

    def __init__(
        self, make_client: MakeClient, on_change: Callable[[str], None], absent: str
    ) -> None:
        self._make_client = make_client
        self._on_change = on_change
        self._absent = absent
        self._client: AsyncMagnetClient | None = None
        self.clips_folder = ""
        """The server's, on its own disk; empty until it has told."""
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
                    await self._tell(client)
                except DeviceUnavailable:
                    self._on_change(self._absent)
                    await client.close()
                    await asyncio.sleep(_RETRY_SECONDS)
                    continue
                self._client = client
            return self._client

    async def look(self) -> None:
        """Ask the server how it is, where there is one."""
        if self._client is not None:
            with suppress(DeviceUnavailable):
                await self._tell(self._client)

    async def lost(self, client: AsyncMagnetClient) -> None:
        """A client does not answer any more: connect anew at the next call.

        Several decks may say so of one client; the first is heard.
        """
        if client is not self._client:
            return
        self._client = None
        self._on_change(self._absent)
        await client.close()

    async def close(self) -> None:
        """Disconnect."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _tell(self, client: AsyncMagnetClient) -> None:
        status = await client.status()
        self.clips_folder = status.clips_folder
        ready = f"{status.model} on {status.device}"
        self._on_change(ready if status.model else "loading the model")
