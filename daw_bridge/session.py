"""The composition root of the bridge: builds what each command needs and connects it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
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
from daw_bridge.delivery.folder_sink import free_path
from daw_bridge.demo import DemoWish, run_demo
from daw_bridge.generating import Wish
from daw_bridge.live.asking import Ask
from daw_bridge.live.commands import Commands
from daw_bridge.live.conductor import Conductor, Tempo
from daw_bridge.live.keyboard import keys
from daw_bridge.live.line_editor import LineEditor
from daw_bridge.live.live_set import LiveSet
from daw_bridge.live.offline import render
from daw_bridge.live.panel import Control, Panel
from daw_bridge.live.recording import Recording
from daw_bridge.live.rig import Rig
from daw_bridge.live.saving import Keeper, read_session, restore
from daw_bridge.live.screen import PlainScreen, Screen, TerminalScreen
from daw_bridge.live.server_link import ServerLink
from daw_bridge.live.state import DeckState, LiveState
from daw_bridge.live.supervisor import keep_running
from daw_bridge.midi.opening import midi_surface
from daw_bridge.pass_through import PassThrough, check_open
from daw_bridge.server_process import ServerProcess, free_port, is_free, server_command
from daw_bridge.serving import client_of_some_server, first_answer, own_server, some_server
from daw_bridge.signals import on_signals
from osc_server.contract.errors import DeviceUnavailable, StorageFailed
from osc_server.contract.faders import FEEDBACK_HZ

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
    saved = None if config.session is None else read_session(config.session)
    rig = build_rig(config, _output_or_silence(config))
    async with AsyncExitStack() as stack:
        stack.enter_context(on_signals(lambda number: ending.set()))
        address, health, front = await stack.enter_async_context(_server(config, state))
        live_set = build_set(config, state, rig, address)
        stack.push_async_callback(live_set.close)
        stack.callback(rig.output.stop)
        rig.output.start(rig.mixer)
        stack.callback(asyncio.create_task(_keep_device(rig.output, state)).cancel)
        keeper = None if config.session is None else Keeper(live_set, config.session)
        recording = Recording(rig, state, lambda: _recording_folder(config))
        stack.push_async_callback(recording.close)
        panel = Panel(live_set, _saving(keeper) | _recording(recording))
        if saved is not None:
            restore(live_set, saved)
        if keeper is not None:
            stack.callback(keeper.save)
        if front is not None:
            front.hand_to(panel)
        stack.callback(asyncio.create_task(_keep_telling(live_set, panel, keeper)).cancel)
        stack.enter_context(midi_surface(panel.receive, panel.forget, config.decks, state.say))
        screen = stack.enter_context(_screen(state, rig, console))
        stack.enter_context(_typing(state, _commands(live_set, ending.set)))
        if wish.prompt:
            live_set.conductors[0].ask(wish.prompt)
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
    output = OfflineOutput(rate_hz, len(config.live_outputs()), config.block)
    rig = build_rig(config, output)
    output.start(rig.mixer)
    async with some_server(config, say) as address:
        live_set = build_set(config, state, rig, address)
        try:
            ask = Ask(wish.prompt, config.bars, config.bpm, wish.seed)
            await render(live_set.conductors[0], rig, output, ask, seconds, path)
        finally:
            await live_set.close()


@asynccontextmanager
async def _server(
    config: BridgeConfig, state: LiveState
) -> AsyncIterator[tuple[tuple[str, int], asyncio.Task[None], PassThrough | None]]:
    """The server of a live set.

    Yields:
        Its address, a task that ends only if it cannot be started, and the front port where we
        hold it.
    """
    if config.server:
        health = asyncio.create_task(_never())
        try:
            yield config.server_address(), health, None
        finally:
            health.cancel()
        return
    check_open(config.host, config.token())
    port = config.port + 1 if is_free(config.port + 1) else free_port()
    log = platformdirs.user_log_path(APPLICATION, appauthor=False) / f"server-{port}.log"
    server = ServerProcess(server_command(port, *config.server_options()), log)
    front = PassThrough(config.host, config.port, ("127.0.0.1", port), config.token())

    def gone(sentence: str) -> None:
        state.message = sentence
        front.server_gone()

    await front.open()
    try:
        server.start()
        health = asyncio.create_task(_keep_healthy(server, port, config.token(), gone))
        try:
            yield ("127.0.0.1", port), health, front
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


def build_set(
    config: BridgeConfig, state: LiveState, rig: Rig, address: tuple[str, int]
) -> LiveSet:
    """The decks of a rig, on a server that may not be there yet."""
    token = config.token()

    def make_client() -> AsyncMagnetClient:
        return AsyncMagnetClient(*address, token=token)

    def show(line: str) -> None:
        state.server = line

    absent = f"waiting for {config.server}" if config.server else "starting"
    link = ServerLink(make_client, show, absent)

    def make_conductor(index: int, tempo: Tempo) -> Conductor:
        return Conductor(
            state,
            state.decks[index],
            link,
            rig.sinks[index],
            rig.decks[index],
            (rig.output.rate_hz, len(rig.routes[index])),
            config.delivery(),
            tempo,
            ",".join(str(channel) for channel in config.outputs_of_deck(index)),
        )

    return LiveSet(state, rig, link, make_conductor)


def _state(config: BridgeConfig, wish: LiveWish) -> LiveState:
    decks = [
        DeckState(number=index + 1, bars=config.bars, level_db=config.level)
        for index in range(config.decks)
    ]
    first = decks[0]
    first.prompt, first.every_bars, first.seed = wish.prompt, wish.every_bars, wish.seed
    return LiveState(bpm=config.bpm, meter=config.meter, decks=decks)


def build_rig(config: BridgeConfig, output: AudioOutput) -> Rig:
    """The decks on the internal clock of an output that is not started yet."""
    clock = InternalClock(output.rate_hz, config.bpm, config.meter, output.heard_sample)
    channels = config.live_outputs()
    routes = tuple(
        tuple(channels.index(channel) for channel in config.outputs_of_deck(index))
        for index in range(config.decks)
    )
    stream = (output.rate_hz, output.block_size)
    decks = tuple(Deck(clock, *stream, len(route), config.level) for route in routes)
    bar = Fraction(config.meter.beats_per_bar)
    sinks = tuple(
        DeckSink(deck, clock, output.rate_hz, len(route), bar)
        for deck, route in zip(decks, routes, strict=True)
    )
    mixer = Mixer(decks, *stream, output.n_channels, routes=routes)
    return Rig(output, clock, decks, mixer, sinks, routes)


def _commands(live: LiveSet, end: Callable[[], None]) -> Commands:
    """The typed lines, which go to the deck that is chosen when they are typed."""

    def chosen() -> Conductor:
        return live.conductors[live.state.chosen]

    return Commands(
        live.state,
        lambda prompt: chosen().ask(prompt),
        lambda: chosen().stop(),
        lambda level_db: live.apply_levels(),
        end,
    )


def _saving(keeper: Keeper | None) -> dict[str, Control]:
    """What stands behind the button that saves; nothing where no file was named."""
    if keeper is None:
        return {}
    button = Control(lambda _: keeper.up_to_date, lambda _, __: keeper.save())
    return {"/magnet/session/save": button}


def _recording(recording: Recording) -> dict[str, Control]:
    return {
        "/magnet/mix/record": Control(lambda _: recording.on, lambda _, on: recording.switch(on))
    }


def _recording_folder(config: BridgeConfig) -> Path:
    """A new folder for a recording, named for now."""
    folder = config.recordings or platformdirs.user_music_path() / "MAGNeT"
    return free_path(folder / f"{datetime.now():%Y-%m-%d %H.%M.%S}")


async def _keep_telling(live: LiveSet, panel: Panel, keeper: Keeper | None) -> None:
    """Let the states follow the sound, and the surfaces and the file the states."""
    loop = asyncio.get_running_loop()
    while True:
        try:
            live.look()
            panel.tick(loop.time())
        except Exception as error:  # noqa: BLE001  # the door: surfaces must not go dumb over it
            live.state.message = f"something broke in the bridge: {error!r}"
        if keeper is not None and (content := keeper.due(loop.time())) is not None:
            try:
                await asyncio.to_thread(keeper.save, content)
            except StorageFailed as error:
                live.state.message = str(error)
        await asyncio.sleep(1 / FEEDBACK_HZ)


def _output_or_silence(config: BridgeConfig) -> AudioOutput:
    """The sound device; a silent stand-in where none was named and there is none."""
    try:
        return DeviceOutput(config.live_settings())
    except DeviceUnavailable as error:
        if config.output or config.host_api:
            raise
        rate_hz = config.output_rate or _OFFLINE_RATE_HZ
        return SilentOutput(rate_hz, len(config.live_outputs()), config.block, str(error))


def _screen(state: LiveState, rig: Rig, console: Console) -> Screen:
    kind = TerminalScreen if console.is_terminal else PlainScreen
    return kind(state, rig.clock, rig.decks, rig.output, console)


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
