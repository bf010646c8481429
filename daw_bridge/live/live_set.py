"""What concerns all decks of a live set: levels, the quantum, scenes, the tempo."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from fractions import Fraction

from daw_bridge.audio.level import SILENCE_DB
from daw_bridge.audio.loop import Loop
from daw_bridge.audio.mixer import Scene
from daw_bridge.client.async_client import AsyncMagnetClient
from daw_bridge.clock.quantum import Quantum
from daw_bridge.delivery.deck_sink import PRESS_LEAD_SECONDS
from daw_bridge.live.conductor import Conductor
from daw_bridge.live.rig import Rig
from daw_bridge.live.server_link import ServerLink
from daw_bridge.live.state import LiveState
from osc_server.contract.errors import BadRequest, MagnetError
from osc_server.contract.fader_rows import MAX_SCENES
from osc_server.contract.musical_time import Meter, check_bpm

_SERVER_LOOK_SECONDS = 1.0

StoredScene = dict[int, int | None]
"""By deck number: the index of its take, or None for silence."""

MakeConductor = Callable[[int, Callable[[], float | None]], Conductor]


class LiveSet:
    """The decks together.

    Args:
        state: what the screen and surfaces show.
        rig: the sounding half.
        link: the way to the server, shared by all decks.
        make_conductor: makes the conductor of the deck with this index; it asks the function that
            it is given for the tempo that its loops must have.
    """

    def __init__(
        self, state: LiveState, rig: Rig, link: ServerLink, make_conductor: MakeConductor
    ) -> None:
        self.state = state
        self.rig = rig
        self.scenes: dict[int, StoredScene] = {}
        self.last_scene = 0
        """The number of the scene that was launched last; 0 = none."""
        self._link = link
        self._quantum = Quantum()
        self._tempo_task: asyncio.Task[None] | None = None
        self._sent_levels: dict[int, float] = {}
        self.conductors = tuple(
            make_conductor(index, lambda index=index: self._tempo_for(index))  # type: ignore[misc]
            for index in range(len(state.decks))
        )
        self.mix_level_db = 0.0

    def conductor(self, number: int) -> Conductor:
        """The conductor of a deck, counted from 1.

        Raises:
            BadRequest: where there is no such deck.
        """
        if not 1 <= number <= len(self.conductors):
            raise BadRequest(f"there is no deck {number}: there are 1 to {len(self.conductors)}")
        return self.conductors[number - 1]

    @property
    def clips_folder(self) -> str:
        """The server's clips folder, on its own disk; empty until it has told."""
        return self._link.clips_folder

    # Levels

    def apply_levels(self) -> None:
        """Bring level, mute and solo of all decks to the sound; without a click, at once."""
        decks = self.state.decks
        any_solo = any(deck.solo for deck in decks)
        for index, deck in enumerate(decks):
            heard = not deck.mute and (deck.solo or not any_solo)
            level_db = deck.level_db if heard else SILENCE_DB
            if self._sent_levels.get(index) != level_db:
                self.rig.decks[index].set_level(level_db)
                self._sent_levels[index] = level_db

    def set_mix_level(self, level_db: float) -> None:
        """Glide the whole to a level in dB."""
        self.rig.mixer.set_level(level_db)
        self.mix_level_db = level_db

    # Time

    @property
    def quantum(self) -> Quantum:
        """The grid on which decks begin and stop."""
        return self._quantum

    @quantum.setter
    def quantum(self, quantum: Quantum) -> None:
        self._quantum = quantum
        for sink in self.rig.sinks:
            sink.quantum_beats = quantum.beats(self.rig.clock.meter)

    def set_meter(self, meter: Meter) -> None:
        """Another meter: for the next takes, and from the next bar line on for the quantum."""
        self.state.meter = meter
        self.rig.clock.set_meter(meter)
        self.quantum = self._quantum

    def set_bpm(self, bpm: float) -> None:
        """Another tempo: for the next takes, and from the next bar on for what sounds.

        What sounds is stretched from the audio as it was made, however often the tempo moves.

        Raises:
            BadRequest: where it is not within 20..400.
        """
        self.state.bpm = check_bpm(bpm)
        if all(conductor.tempo_to_be is None for conductor in self.conductors):
            clock = self.rig.clock
            clock.set_bpm(bpm, Fraction(clock.now().beat))
            return
        if self._tempo_task is not None:
            self._tempo_task.cancel()
        self._tempo_task = asyncio.create_task(self._retune(bpm))

    async def _retune(self, bpm: float) -> None:
        loops: list[tuple[Conductor, Loop]] = []
        for conductor in self.conductors:
            try:
                loop = await asyncio.to_thread(conductor.retuned, bpm)
            except MagnetError as error:
                self.state.message = str(error)
                return
            if loop is not None:
                loops.append((conductor, loop))
        bar = self.rig.clock.meter.beats_per_bar
        now = self.rig.sink.place()
        beat = self.rig.clock.grid.next_boundary(now, bar)
        cues = tuple(
            (conductor.deck, conductor.retune(loop, beat))
            for conductor, loop in loops
            if conductor.tempo_to_be is not None
        )
        self.rig.mixer.launch(Scene(cues))

    def _tempo_for(self, index: int) -> float | None:
        """The tempo that a deck's loop must have: of whom is followed, or the others'; or None."""
        if self.state.follows:
            return self.rig.clock.bpm
        others = [one for place, one in enumerate(self.conductors) if place != index]
        tempos = [bpm for one in others if (bpm := one.tempo_to_be) is not None]
        return tempos[0] if tempos else None

    # Scenes

    def store_scene(self, number: int) -> None:
        """Store what plays, or is about to, as a scene.

        Raises:
            BadRequest: where the number is not within 1..64.
        """
        self._check_scene(number)
        self.scenes[number] = {
            deck.number: deck.history.place if deck.doing in ("playing", "cued") else None
            for deck in self.state.decks
        }

    def launch_scene(self, number: int) -> None:
        """Begin a scene's takes, and stop its silent decks, all on one sample.

        Raises:
            BadRequest: where nothing is stored there.
            StorageFailed: where the audio of a take cannot be read any more.
        """
        self._check_scene(number)
        scene = self.scenes.get(number)
        if not scene:
            raise BadRequest(f"scene {number} is empty: store what plays with scene/{number}/store")
        self.launch(scene)
        self.last_scene = number

    def stop(self) -> None:
        """Let all decks fall silent together on the next quantum."""
        self.launch({deck.number: None for deck in self.state.decks})
        self.last_scene = 0

    def launch(self, scene: StoredScene) -> None:
        """Begin takes and stop decks, all on one sample."""
        bpm = self.rig.clock.bpm
        loops: list[tuple[Conductor, Loop | None]] = []
        for number, place in scene.items():  # all is read before anything is moved
            conductor = self.conductor(number)
            loop = None if place is None else conductor.loop_of(conductor.take_at(place), bpm)
            loops.append((conductor, loop))
        beat = self.rig.sink.place(lead_seconds=PRESS_LEAD_SECONDS)
        cues = []
        for (conductor, loop), place in zip(loops, scene.values(), strict=True):
            if place is not None:
                conductor.adopt(place)
            if (cue := conductor.cue_for(loop, beat)) is not None:
                cues.append((conductor.deck, cue))
        self.rig.mixer.launch(Scene(tuple(cues)))

    def _check_scene(self, number: int) -> None:
        if not 1 <= number <= MAX_SCENES:
            raise BadRequest(f"there is no scene {number}: there are 1 to {MAX_SCENES}")

    # The run

    async def watch_server(self) -> None:
        """Show how the server is, also before anything is asked of it, until cancelled."""
        try:
            while True:
                await self._link.client()
                await self._link.look()
                await asyncio.sleep(_SERVER_LOOK_SECONDS)
        except MagnetError as error:
            self.state.message = str(error)

    async def server(self) -> AsyncMagnetClient:
        """A client of the server that is there, or comes."""
        return await self._link.client()

    def look(self) -> None:
        """Let the states follow what is heard; called many times a second."""
        for conductor in self.conductors:
            conductor.look()

    async def close(self) -> None:
        """Give up what is under way, and disconnect."""
        if self._tempo_task is not None:
            self._tempo_task.cancel()
        for conductor in self.conductors:
            await conductor.close()
        await self._link.close()
