"""The page of a live set, built and served."""

from __future__ import annotations

import asyncio
import io
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import quote

import segno
from rich.console import Console

from daw_bridge.config import BridgeConfig
from daw_bridge.live.live_set import LiveSet
from daw_bridge.live.panel import Panel
from daw_bridge.loopback import is_loopback
from daw_bridge.page.access import Access
from daw_bridge.page.files import page_files, version_of
from daw_bridge.page.telling import PageTeller
from daw_bridge.pass_through import check_open
from osc_server.contract.errors import DeviceUnavailable

_LOOK_SECONDS = 0.05
_EVERYWHERE = ("0.0.0.0", "::")


@asynccontextmanager
async def page_served(
    config: BridgeConfig, live: LiveSet, panel: Panel, console: Console
) -> AsyncIterator[None]:
    """Serve the page while the block lasts, and show a phone the way in on the console.

    A port that is taken costs the page alone.

    Raises:
        Forbidden: where it would stand open to the network without a secret.
    """
    if not config.page_port:
        yield
        return
    # Here, because only a live set needs it: it takes 0.2 s to import.
    from daw_bridge.page.server import PageServer
    from daw_bridge.page.socket import PageSocket

    token = config.token()
    check_open(config.host, token)
    page = page_files()
    teller = PageTeller(live, panel.receive, version_of(page))
    access = Access(token, only_here=is_loopback(config.host), name=socket.gethostname())
    server = PageServer(
        config.host,
        config.page_port,
        access,
        page,
        lambda: PageSocket(teller, panel.receive, panel.forget),
    )
    try:
        await server.open()
        live.state.page = page_address(config.host, config.page_port)
    except DeviceUnavailable as error:
        live.state.say(str(error))
        yield
        return
    show_page(config, live, console)
    telling = asyncio.create_task(_keep_telling(teller, live))
    try:
        yield
    finally:
        telling.cancel()
        await server.close()
        await teller.close()


def page_address(host: str, port: int, token: str = "") -> str:
    """What is typed into a browser; with the token a phone has only to look at it."""
    if host in _EVERYWHERE:
        host = _own_address()
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}/" + (f"?token={quote(token, safe='')}" if token else "")


def show_page(config: BridgeConfig, live: LiveSet, console: Console) -> None:
    """Show a phone the way in, as a QR code: where a phone can come in, and never to a log."""
    if not live.state.page or not console.is_terminal or is_loopback(config.host):
        return
    address = page_address(config.host, config.page_port, config.token())
    text = io.StringIO()
    segno.make(address, micro=False, error="l").terminal(text, border=2, compact=True)
    console.file.write(text.getvalue())
    console.print(f"the page, for a phone in the same network: {address}", markup=False)


async def _keep_telling(teller: PageTeller, live: LiveSet) -> None:
    while True:
        try:
            await teller.tick(time.monotonic())
        except Exception as error:  # noqa: BLE001  # the door: pages must not go dumb over it
            live.state.say(f"something broke in the page: {error!r}")
            await asyncio.sleep(1.0)
        await asyncio.sleep(_LOOK_SECONDS)


def _own_address() -> str:
    """This computer's address in its network; nothing is sent for it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # of the range that is kept for documentation
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])
