"""The composition root of the bridge: builds what each command needs and connects it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import platformdirs
from rich.console import Console

from daw_bridge import generating
from daw_bridge.audio.deck import Deck
from daw_bridge.audio.device_output import DeviceOutput
from daw_bridge.audio.favour import favour_the_callback
from daw_bridge.audio.mixer import Mixer
from daw_bridge.audio.offline_output import OfflineOutput
from daw_bridge.audio.output import AudioOutput
from daw_bridge.audio.silent_output import SilentOutput
from daw_bridge.client.async_client import AsyncMagnetClient
from daw_bridge.clock.internal_clock import InternalClock
from daw_bridge.config import APPLICATION, BridgeConfig
from daw_bridge.delivery.deck_sink import DeckSink
from daw_bridge.demo import DemoWish, run_demo
from daw_bridge.generating import Wish
from daw_bridge.live.commands import Commands
from daw_bridge.live.conductor import Ask, Conductor
from daw_bridge.live.keyboard import keys
from daw_bridge.live.line_editor import LineEditor
from daw_bridge.live.offline import render
from daw_bridge.live.rig import Rig
from daw_bridge.live.screen import PlainScreen, Screen, TerminalScreen
from daw_bridge.live.server_link import ServerLink
from daw_bridge.live.state import LiveState
from daw_bridge.live.supervisor import keep_running
from daw_bridge.pass_through import PassThrough, check_open
from daw_bridge.server_process import ServerProcess, free_port, is_free, server_command
from daw_bridge.serving import client_of_some_server, first_answer, own_server, some_server
from daw_bridge.signals import on_signals
from osc_server.contract.errors import DeviceUnavailable

_FRAME_SECONDS = 0.1
_DEVICE_SECONDS = 2.0
_OFFLINE_RATE_HZ = 48000


@dataclass(frozen=True, slots=True)
class LiveWish:
    """What a live set begins with.

    Attributes:
        prompt: the first clip; empty to wait for a typed one.
        every_bars: a new take each so many bars; 0 = only when asked.
        seed: of the first clip; None = drawn.
    """

    prompt: str = ""
    every_bars: float = 0.0
    seed: int | None = None


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


async def live(config: BridgeConfig, wish: LiveWish, console: Console) -> None:
    """Play live until a signal or ``/quit``.

    Raises:
        MagnetError: where it cannot begin: port taken, server refuses to start, no such device.
    """
    favour_the_callback()
    ending = asyncio.Event()
    state = _state(config, wish)
    rig = build_rig(config, _output_or_silence(config))
    async with AsyncExitStack() as stack:
        stack.enter_context(on_signals(lambda number: ending.set()))
        address, health = await stack.enter_async_context(_server(config, state))
        conductor = build_conductor(config, state, rig, address)
        stack.push_async_callback(conductor.close)
        stack.callback(rig.output.stop)
        rig.output.start(rig.mixer)
        stack.callback(asyncio.create_task(_keep_device(rig.output, state)).cancel)
        screen = stack.enter_context(_screen(state, rig, console))
        commands = Commands(state, conductor.ask, conductor.stop, rig.deck.set_level, ending.set)
        stack.enter_context(_typing(state, commands))
        if wish.prompt:
            conductor.ask(wish.prompt)
        while not ending.is_set():
            screen.show()
            if health.done():
                health.result()  # raises why the server could not be started
            await _wait(ending, _FRAME_SECONDS)


async def live_offline(
    config: BridgeConfig, wish: LiveWish, seconds: float, path: Path, say: Callable[[str], None]
) -> None:
    """Write what would be heard in ``seconds`` of a live set to a WAV.

    Raises:
        MagnetError: what the server named, or where the file cannot be written.
    """
    state = _state(config, wish)
    rate_hz = config.output_rate or _OFFLINE_RATE_HZ
    output = OfflineOutput(rate_hz, len(config.outputs), config.block)
    rig = build_rig(config, output)
    output.start(rig.mixer)
    async with some_server(config, say) as address:
        conductor = build_conductor(config, state, rig, address)
        try:
            ask = Ask(wish.prompt, config.bars, config.bpm, wish.seed)
            await render(conductor, rig, output, ask, seconds, path)
        finally:
            await conductor.close()


@asynccontextmanager
async def _server(
    config: BridgeConfig, state: LiveState
) -> AsyncIterator[tuple[tuple[str, int], asyncio.Task[None]]]:
    """The server of a live set: its address, and a task that ends only if it cannot be started."""
    if config.server:
        health = asyncio.create_task(_never())
        try:
            yield config.server_address(), health
        finally:
            health.cancel()
        return
    check_open(config.host, config.token())
    port = config.port + 1 if is_free(config.port + 1) else free_port()
    log = platformdirs.user_log_path(APPLICATION, appauthor=False) / f"server-{port}.log"
    server = ServerProcess(server_command(port, *config.server_options()), log)
    front = PassThrough(config.host, config.port, ("127.0.0.1", port))

    def gone(sentence: str) -> None:
        state.message = sentence
        front.server_gone()

    await front.open()
    try:
        server.start()
        health = asyncio.create_task(_keep_healthy(server, port, config.token(), gone))
        try:
            yield ("127.0.0.1", port), health
        finally:
            health.cancel()
    finally:
        server.stop()
        await front.close()


async def _keep_healthy(
    server: ServerProcess, port: int, token: str, gone: Callable[[str], None]
) -> None:
    await first_answer(server, port, token)
    await keep_running(server, gone)


async def _never() -> None:
    await asyncio.Event().wait()


def build_conductor(
    config: BridgeConfig, state: LiveState, rig: Rig, address: tuple[str, int]
) -> Conductor:
    """The conductor of a rig, on a server that may not be there yet."""
    token = config.token()

    def make_client() -> AsyncMagnetClient:
        return AsyncMagnetClient(*address, token=token)

    def show(line: str) -> None:
        state.server = line

    absent = f"waiting for {config.server}" if config.server else "starting"
    shape = (rig.output.rate_hz, rig.output.n_channels)
    link = ServerLink(make_client, show, absent)
    return Conductor(state, link, rig.sink, rig.deck, shape, config.delivery())


def _state(config: BridgeConfig, wish: LiveWish) -> LiveState:
    return LiveState(
        bpm=config.bpm,
        bars=config.bars,
        meter=config.meter,
        every_bars=wish.every_bars,
        seed=wish.seed,
        level_db=config.level,
        prompt=wish.prompt,
    )


def build_rig(config: BridgeConfig, output: AudioOutput) -> Rig:
    """One deck on the internal clock of an output that is not started yet."""
    clock = InternalClock(output.rate_hz, config.bpm, config.meter, output.heard_sample)
    shape = (output.rate_hz, output.block_size, output.n_channels)
    deck = Deck(clock, *shape, config.level)
    bar = config.meter.beats_per_bar
    sink = DeckSink(deck, clock, output.rate_hz, output.n_channels, Fraction(bar))
    return Rig(output, clock, deck, Mixer([deck], *shape), sink)


def _output_or_silence(config: BridgeConfig) -> AudioOutput:
    """The sound device; a silent stand-in where none was named and there is none."""
    try:
        return open_output(config)
    except DeviceUnavailable as error:
        if config.output or config.host_api:
            raise
        rate_hz = config.output_rate or _OFFLINE_RATE_HZ
        return SilentOutput(rate_hz, len(config.outputs), config.block, str(error))


def _screen(state: LiveState, rig: Rig, console: Console) -> Screen:
    kind = TerminalScreen if console.is_terminal else PlainScreen
    return kind(state, rig.clock, rig.deck, rig.output, console)


@contextmanager
def _typing(state: LiveState, commands: Commands) -> Iterator[None]:
    editor = LineEditor()

    def take(text: str) -> None:
        for line in editor.feed(text):
            commands.run(line)
        state.typed = editor.text

    with keys(take):
        yield


async def _keep_device(output: AudioOutput, state: LiveState) -> None:
    """Open a sound device again that has gone, once it is back."""
    while True:
        await asyncio.sleep(_DEVICE_SECONDS)
        if not output.lost:
            continue
        try:
            output.restart()  # here and not in a thread: PortAudio wants to be asked from one
            state.message = f"the sound is back: {output.description}"
        except DeviceUnavailable as error:
            state.message = str(error)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
