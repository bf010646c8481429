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
from daw_bridge.config import BridgeConfig
from daw_bridge.delivery.folder_sink import free_path
from daw_bridge.live.asking import Ask
from daw_bridge.live.capturing import Capturing
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
from daw_bridge.live.saving import Keeper, SavedSession, restore
from daw_bridge.live.screen import PlainScreen, Screen, TerminalScreen
from daw_bridge.live.state import LiveState
from daw_bridge.midi.hub import MidiHub
from daw_bridge.midi.opening import midi_surface
from daw_bridge.midi.targets import read_wish
from daw_bridge.serving import some_server
from daw_bridge.session.ardour import ardour_heard
from daw_bridge.session.building import (
    OFFLINE_RATE_HZ,
    LiveWish,
    build_rig,
    build_set,
    first_state,
    heard_through,
)
from daw_bridge.session.capture import build_capturing, capture_controls
from daw_bridge.session.clocks import (
    Sources,
    clock_words,
    kept_in_time,
    midi_clock_ports,
    open_sources,
)
from daw_bridge.session.page import page_served
from daw_bridge.session.resuming import forget, leave, saved_set
from daw_bridge.session.server import live_server
from daw_bridge.session.sound import Sound
from daw_bridge.session.surfaces import surfaces_served
from daw_bridge.signals import on_signals
from osc_server.contract.addresses import fader_row
from osc_server.contract.errors import StorageFailed
from osc_server.contract.faders import FEEDBACK_HZ

_FRAME_SECONDS = 0.1


async def live(config: BridgeConfig, wish: LiveWish, console: Console) -> Path | None:
    """Play live until a signal or ``/quit``.

    Returns:
        The file in which the set was left, where only a new process can bring the sound back.

    Raises:
        MagnetError: where it cannot begin: port taken, server refuses to start, no such device.
    """
    favour_the_callback()
    ending, anew, stopped = asyncio.Event(), asyncio.Event(), asyncio.Event()

    def begin_anew() -> None:
        anew.set()
        ending.set()

    def stop(_: int) -> None:
        stopped.set()
        ending.set()

    state = first_state(config, wish)
    saved = saved_set(config, wish)
    sources = open_sources(config)
    sound = Sound(config, sources.cycle_frame, awaits=wish.resume is not None)
    heard = heard_through(sound.output, sources.jack)
    rig = build_rig(config, sound.output, sources.by_rank, heard)
    async with AsyncExitStack() as stack:
        stack.callback(sources.close)
        stack.enter_context(on_signals(stop))
        address, health, front = await stack.enter_async_context(live_server(config, state))
        live_set = build_set(config, state, rig, address)
        stack.push_async_callback(live_set.close)
        stack.callback(asyncio.create_task(live_set.watch_server()).cancel)
        stack.enter_context(sound.playing(rig.mixer, state, begin_anew))
        capturing = build_capturing(config, live_set, sound.input)
        stack.push_async_callback(capturing.close)
        panel = _panel(stack, config, live_set, sources, capturing, saved)
        if front is not None:
            front.hand_to(panel)
        await stack.enter_async_context(page_served(config, live_set, panel, console))
        await stack.enter_async_context(surfaces_served(config, live_set, panel, front))
        screen = stack.enter_context(_screen(state, rig, console))
        stack.enter_context(_typing(state, _commands(live_set, panel, ending.set)))
        if wish.resume is not None:
            state.say(f"went on in a new process: {sound.output.description}")
        elif wish.prompt:
            live_set.conductors[0].ask(wish.prompt)
        await _show(screen, ending, health)
        left = leave(config, live_set) if anew.is_set() else None
    if left is not None and stopped.is_set():  # also by a signal that came while all was closing
        forget(config, left)
        return None
    return left


def _panel(
    stack: AsyncExitStack,
    config: BridgeConfig,
    live: LiveSet,
    sources: Sources,
    capturing: Capturing,
    saved: SavedSession | None,
) -> Panel:
    """What surfaces play, with the clock, the controllers and the file that it is kept in."""
    keeper = None if config.session is None else Keeper(live, config.session)
    recording = Recording(live.rig, live.state, lambda: _recording_folder(config))
    stack.push_async_callback(recording.close)
    words = clock_words(live, sources)
    controls = clock_controls(live, words, sources.seconds) | capture_controls(capturing)
    panel = Panel(live, controls | _saving(keeper) | _recording(recording), words.forget)
    if saved is not None:
        restore(live, saved)
    if keeper is not None:  # from now on, so that what could not be restored stays as it is
        stack.callback(keeper.save)
    telling = asyncio.create_task(_keep_telling(live, panel, keeper, capturing))
    stack.callback(telling.cancel)
    stack.enter_context(kept_in_time(live, sources))
    stack.enter_context(ardour_heard(config, live, words, sources.seconds))
    midi_clock = midi_clock_ports(config, live, sources)
    surface = (panel.receive, panel.forget, config.decks, live.state.say)
    midi = midi_surface(*surface, midi_clock, sources.jack)
    panel.add(_learning(stack.enter_context(midi)))
    return panel


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


def _commands(live: LiveSet, panel: Panel, end: Callable[[], None]) -> Commands:
    """The typed lines, which go to the deck that is chosen when they are typed."""

    def chosen() -> Conductor:
        return live.conductors[live.state.chosen]

    return Commands(
        live.state,
        lambda prompt: chosen().ask(prompt),
        lambda: chosen().stop(),
        lambda level_db: live.apply_levels(),
        lambda bpm: panel.act(*fader_row("/magnet/clock/bpm"), (bpm,)),
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


async def _keep_telling(
    live: LiveSet, panel: Panel, keeper: Keeper | None, capturing: Capturing
) -> None:
    """Let the states follow the sound, and the surfaces and the file the states."""
    loop = asyncio.get_running_loop()
    while True:
        try:
            live.look()
            capturing.look(loop.time())
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


async def _wait(event: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
