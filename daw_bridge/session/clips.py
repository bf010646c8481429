"""What the commands that make one clip need, built and connected."""

from __future__ import annotations

from contextlib import AsyncExitStack

from rich.console import Console

from daw_bridge import generating
from daw_bridge.audio.device_output import DeviceOutput
from daw_bridge.audio.output import AudioOutput
from daw_bridge.client.async_client import AsyncMagnetClient
from daw_bridge.config import BridgeConfig
from daw_bridge.demo import DemoWish, run_demo
from daw_bridge.generating import Wish
from daw_bridge.server_process import free_port
from daw_bridge.serving import client_of_some_server, own_server


def open_output(config: BridgeConfig) -> AudioOutput:
    """The sound device of the settings, not started yet.

    Raises:
        DeviceUnavailable: where there is none like that.
    """
    return DeviceOutput(config.output_settings())


async def generate(config: BridgeConfig, wish: Wish, console: Console) -> None:
    """Make one clip, on the server that runs or on one of our own.

    Raises:
        MagnetError: with what to do.
    """
    async with client_of_some_server(config, console) as client:
        await generating.generate(client, wish, lambda: open_output(config), console)


async def demo(config: BridgeConfig, wish: DemoWish, console: Console) -> None:
    """Run the demo on a server of its own, whatever else runs.

    Raises:
        MagnetError: with what to do.
    """
    port = free_port()
    clips = wish.folder / "clips"
    options = [*config.server_options(), "--clips", str(clips)]
    async with AsyncExitStack() as stack:
        with console.status(f"starting the server on 127.0.0.1:{port}"):
            host, _ = await stack.enter_async_context(own_server(port, options, config.token()))
        client = AsyncMagnetClient(host, port, transport="udp", token=config.token())
        await stack.enter_async_context(client)
        await run_demo(client, wish, lambda: open_output(config), console)
