"""A web application on a port of its own: opened whole, or refused with what to do."""

from __future__ import annotations

from aiohttp import web

from osc_server.contract.errors import DeviceUnavailable

_SHUT_SECONDS = 0.5


class HttpPort:
    """Serves an application on the running event loop until it is closed.

    Args:
        address: host and port to listen on; port 0 = any that is free.
        what: what is not there where the port is taken, such as ``"page"``.
        flag: of the command line, by which another port is chosen.
    """

    def __init__(self, address: tuple[str, int], what: str, flag: str) -> None:
        self._address = address
        self._what, self._flag = what, flag
        self._runner: web.AppRunner | None = None

    @property
    def number(self) -> int:
        """The port that is held; 0 while none is."""
        addresses = self._runner.addresses if self._runner is not None else []
        return int(addresses[0][1]) if addresses else 0

    async def open(self, application: web.Application) -> None:
        """Listen. Raises DeviceUnavailable where the port is taken."""
        self._runner = web.AppRunner(
            application, access_log=None, handle_signals=False, shutdown_timeout=_SHUT_SECONDS
        )
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, *self._address).start()
        except OSError as error:
            await self.close()
            host, port = self._address
            raise DeviceUnavailable(
                f"there is no {self._what}: port {port} on {host} is taken "
                f"({error.strerror or error}); choose another with {self._flag}"
            ) from error

    async def close(self) -> None:
        """Give the port back; more than once is fine."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()
