"""Whom the clock of a live set can follow, and who follows it; built, connected and kept going."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from daw_bridge.clock.clock_words import ClockWords
from daw_bridge.clock.link import LinkSource, open_link
from daw_bridge.clock.midi_clock_out import MidiClockOut
from daw_bridge.clock.quantum import Quantum
from daw_bridge.clock.source import TempoSource
from daw_bridge.clock.tap_tempo import TapTempo
from daw_bridge.clock.tellers import Tellers
from daw_bridge.config import BridgeConfig
from daw_bridge.live.following import Following
from daw_bridge.live.live_set import LiveSet
from daw_bridge.midi.clock_in import MidiClockIn
from daw_bridge.midi.clock_ports import ClockPorts, MidiClockPorts
from daw_bridge.midi.jack_clock import JackClockPorts
from daw_bridge.midi.jack_ports import JackPorts, jack_ports
from osc_server.contract.errors import DeviceUnavailable

_LOOK_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Sources:
    """Everybody who may lead the clock.

    Attributes:
        midi: MIDI clock from the ports of this computer.
        osc: programs that tell the time, patches, scripts.
        tap: a finger.
        seconds: the monotonic clock that they are read by.
        jack: MIDI through JACK itself; None where it goes another way.
        link: the Link session; None where there is none.
        no_link: what to do where there is none.
    """

    midi: MidiClockIn
    osc: Tellers
    tap: TapTempo
    seconds: Callable[[], float]
    jack: JackPorts | None
    link: LinkSource | None = None
    no_link: str = ""

    @property
    def by_rank(self) -> tuple[TempoSource, ...]:
        """The best first."""
        others = (self.midi, self.osc, self.tap)
        return others if self.link is None else (self.link, *others)

    @property
    def cycle_frame(self) -> Callable[[], int] | None:
        """JACK's own number of the first frame of its cycle; None where MIDI goes another way."""
        return None if self.jack is None else self.jack.cycle_frame

    def close(self) -> None:
        """Leave JACK, after all that hears and sends through it."""
        if self.jack is not None:
            self.jack.close()


def open_sources(config: BridgeConfig) -> Sources:
    """Whom the settings let the clock follow.

    Raises:
        DeviceUnavailable: where Link was asked for by name, and cannot be had.
    """
    midi, osc, tap = MidiClockIn(), Tellers(), TapTempo()
    jack = jack_ports()
    seconds = time.perf_counter if jack is None else jack.seconds
    sources = Sources(midi, osc, tap, seconds, jack)
    if not config.link and config.clock != "link":
        return replace(sources, no_link="start magnet-bridge live without --no-link")
    try:
        link = open_link(config.bpm, float(config.meter.beats_per_bar))
    except DeviceUnavailable as error:
        if config.clock == "link":
            raise
        return replace(sources, no_link=str(error))
    return replace(sources, link=link)


def clock_words(live: LiveSet, sources: Sources) -> ClockWords:
    """Takes what is said to the clock of a live set."""

    def set_quantum(quantum: Quantum) -> None:
        live.quantum = quantum

    return ClockWords(
        live.rig.clock,
        live.set_bpm,
        live.set_meter,
        set_quantum,
        live.state.say,
        sources.osc,
        sources.tap,
        sources.link,
        sources.no_link,
    )


def midi_clock_ports(config: BridgeConfig, live: LiveSet, sources: Sources) -> ClockPorts:
    """MIDI clock in and out, on ports that are not open yet."""
    clock, output, say = live.rig.clock, live.rig.output, live.state.say
    wanted = (config.clock_in, config.clock_out)

    def ticks() -> MidiClockOut:
        return MidiClockOut(clock, clock.time)

    if sources.jack is not None:
        return JackClockPorts(
            sources.jack, sources.midi, ticks, *wanted, say, lambda: output.latency_seconds
        )
    opens_any = sys.platform != "win32"
    return MidiClockPorts(sources.midi, ticks, *wanted, say, opens_any=opens_any)


@contextmanager
def kept_in_time(live: LiveSet, sources: Sources) -> Iterator[None]:
    """Let the clock follow who leads, and the decks the clock, while the block lasts."""
    keeping = asyncio.create_task(_keep_time(live, sources))
    try:
        yield
    finally:
        keeping.cancel()
        if sources.link is not None:
            sources.link.close()


async def _keep_time(live: LiveSet, sources: Sources) -> None:
    following, clock = Following(live), live.rig.clock
    try:
        while True:
            try:
                now = sources.seconds()
                clock.update(now)
                following.look(now)
                if sources.link is not None:
                    sources.link.keep(clock.bpm, now)
            except Exception as error:  # noqa: BLE001  # the door: the decks play on
                live.state.say(f"something broke in the bridge: {error!r}")
                await asyncio.sleep(1)
            await asyncio.sleep(_LOOK_SECONDS)
    finally:
        following.close()
