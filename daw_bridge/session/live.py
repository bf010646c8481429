"""A live set, built, connected and run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path

import platformdirs
from rich.console import Console

from daw_bridge.audio.favour import favour_the_callback
from daw_bridge.audio.offline_output import OfflineOutput
from daw_bridge.audio.output import AudioOutput
from daw_bridge.config import BridgeConfig
from daw_bridge.delivery.folder_sink import free_path
from daw_bridge.live.asking import Ask
from daw_bridge.live.clock_controls import clock_controls
from daw_bridge.live.commands import Commands
from daw_bridge.live.conductor import Conductor
from daw_bridge.live.keyboard import keys
from daw_bridge.live.line_editor import LineEditor
from daw_bridge.live.live_set import LiveSet
from daw_bridge.live.offline import render
from daw_bridge.live.panel import Control, Panel
from daw_bridge.live.recording import Recording
from daw_bridge.live.rig import Rig
from daw_bridge.live.saving import Keeper, read_session, restore
from daw_bridge.live.screen import PlainScreen, Screen, TerminalScreen
from daw_bridge.live.state import LiveState
from daw_bridge.midi.hub import MidiHub
from daw_bridge.midi.opening import midi_surface
from daw_bridge.midi.targets import read_wish
from daw_bridge.serving import some_server
from daw_bridge.session.building import (
    OFFLINE_RATE_HZ,
    LiveWish,
    build_rig,
    build_set,
    first_state,
    heard_through,
    output_or_silence,
)
from daw_bridge.session.clocks import (
    Sources,
    clock_words,
    kept_in_time,
    midi_clock_ports,
    open_sources,
)
from daw_bridge.session.server import live_server
from daw_bridge.signals import on_signals
from osc_server.contract.errors import DeviceUnavailable, StorageFailed
from osc_server.contract.faders import FEEDBACK_HZ

_FRAME_SECONDS = 0.1
_DEVICE_SECONDS = 2.0


async def live(config: BridgeConfig, wish: LiveWish, console: Console) -> None:
    """Play live until a signal or ``/quit``.

    Raises:
        MagnetError: where it cannot begin: port taken, server refuses to start, no such device.
    """
    favour_the_callback()
    ending = asyncio.Event()
    state = first_state(config, wish)
    saved = None if config.session is None else read_session(config.session)
    sources = open_sources(config)
    rig = _rig(config, sources)
    async with AsyncExitStack() as stack:
        stack.enter_context(on_signals(lambda number: ending.set()))
        address, health, front = await stack.enter_async_context(live_server(config, state))
        live_set = build_set(config, state, rig, address)
        stack.push_async_callback(live_set.close)
        stack.callback(asyncio.create_task(live_set.watch_server()).cancel)
        stack.callback(rig.output.stop)
        rig.output.start(rig.mixer)
        stack.callback(asyncio.create_task(_keep_device(rig.output, state)).cancel)
        keeper = None if config.session is None else Keeper(live_set, config.session)
        recording = Recording(rig, state, lambda: _recording_folder(config))
        stack.push_async_callback(recording.close)
        words = clock_words(live_set, sources)
        controls = clock_controls(live_set, words, sources.seconds) | _saving(keeper)
        panel = Panel(live_set, controls | _recording(recording))
        if saved is not None:
            restore(live_set, saved)
        if keeper is not None:
            stack.callback(keeper.save)
        if front is not None:
            front.hand_to(panel)
        stack.enter_context(kept_in_time(live_set, sources))
        stack.callback(asyncio.create_task(_keep_telling(live_set, panel, keeper)).cancel)
        midi_clock = midi_clock_ports(config, live_set, sources)
        midi = midi_surface(panel.receive, panel.forget, config.decks, state.say, midi_clock)
        panel.add(_learning(stack.enter_context(midi)))

        def tell_bpm(bpm: float) -> None:
            words.take("bpm", [bpm], sources.seconds())

        screen = stack.enter_context(_screen(state, rig, console))
        stack.enter_context(_typing(state, _commands(live_set, tell_bpm, ending.set)))
        if wish.prompt:
            live_set.conductors[0].ask(wish.prompt)
        await _show(screen, ending, health)


def _rig(config: BridgeConfig, sources: Sources) -> Rig:
    output = output_or_silence(config, sources.jack)
    return build_rig(config, output, sources.by_rank, heard_through(output, sources.jack))


async def _show(screen: Screen, ending: asyncio.Event, health: asyncio.Task[None]) -> None:
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
    state = first_state(config, wish)
    rate_hz = config.output_rate or OFFLINE_RATE_HZ
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


def _commands(
    live: LiveSet, tell_bpm: Callable[[float], None], end: Callable[[], None]
) -> Commands:
    """The typed lines, which go to the deck that is chosen when they are typed."""

    def chosen() -> Conductor:
        return live.conductors[live.state.chosen]

    return Commands(
        live.state,
        lambda prompt: chosen().ask(prompt),
        lambda: chosen().stop(),
        lambda level_db: live.apply_levels(),
        tell_bpm,
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


def _learning(hub: MidiHub) -> dict[str, Control]:
    def learn(_: int, text: str) -> None:
        address, value = read_wish(text)
        if address:
            hub.learn(address, value)
        else:
            hub.forget_learning()

    return {"/magnet/midi/learn": Control(lambda _: hub.learning, learn)}


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
