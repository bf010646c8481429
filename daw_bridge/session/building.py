"""The decks of a live set, built and connected; nothing runs yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from daw_bridge.audio.deck import Deck
from daw_bridge.audio.device_output import DeviceOutput
from daw_bridge.audio.mixer import Mixer
from daw_bridge.audio.output import AudioOutput
from daw_bridge.client.async_client import AsyncMagnetClient
from daw_bridge.clock.source import TempoSource
from daw_bridge.clock.steered_clock import SteeredClock
from daw_bridge.config import BridgeConfig
from daw_bridge.delivery.deck_sink import DeckSink
from daw_bridge.live.conductor import Conductor, Tempo
from daw_bridge.live.live_set import LiveSet
from daw_bridge.live.maker import TakeMaker
from daw_bridge.live.rig import Rig
from daw_bridge.live.server_link import ServerLink
from daw_bridge.live.state import DeckState, LiveState
from daw_bridge.midi.jack_ports import JackPorts

OFFLINE_RATE_HZ = 48000


def heard_through(output: AudioOutput, jack: JackPorts | None) -> Callable[[], int]:
    """What gives the sample that is heard now: JACK itself, where sound and MIDI go through it."""
    if jack is None or not isinstance(output, DeviceOutput):
        return output.heard_sample
    return lambda: jack.heard_sample(output.cycle, output.latency_seconds, output.heard_sample())


@dataclass(frozen=True, slots=True)
class LiveWish:
    """What a live set begins with.

    Attributes:
        prompt: the first clip; empty to wait for a typed one.
        every_bars: a new take each so many bars; 0 = only when asked.
        seed: of the first clip; None = drawn.
        resume: the file that a process before this one left its set in, to go on with.
    """

    prompt: str = ""
    every_bars: float = 0.0
    seed: int | None = None
    resume: Path | None = None


def first_state(config: BridgeConfig, wish: LiveWish) -> LiveState:
    """What a live set shows before anything has happened."""
    decks = [
        DeckState(number=index + 1, bars=config.bars, level_db=config.level)
        for index in range(config.decks)
    ]
    first = decks[0]
    first.prompt, first.every_bars, first.seed = wish.prompt, wish.every_bars, wish.seed
    return LiveState(bpm=config.bpm, meter=config.meter, decks=decks)


def build_rig(
    config: BridgeConfig,
    output: AudioOutput,
    sources: Sequence[TempoSource] = (),
    heard: Callable[[], int] | None = None,
) -> Rig:
    """The decks on the clock of an output that is not started yet.

    Args:
        config: how many decks, and on which outputs.
        output: where the sound goes.
        sources: whom the clock may follow, the best first.
        heard: gives the sample that is heard now; None = the output does.
    """
    clock = SteeredClock(
        output.rate_hz, config.bpm, config.meter, heard or output.heard_sample, sources
    )
    clock.offset_seconds = config.clock_offset / 1000
    if sources:
        clock.choose(config.clock)
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
        deck_state = state.decks[index]
        shape = (rig.output.rate_hz, len(rig.routes[index]))
        outputs = ",".join(str(channel) for channel in config.outputs_of_deck(index))
        maker = TakeMaker(state, deck_state, link, shape, config.delivery())
        return Conductor(
            state, deck_state, maker, rig.sinks[index], rig.decks[index], shape, tempo, outputs
        )

    return LiveSet(state, rig, link, make_conductor)
