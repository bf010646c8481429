"""A live set on disk: saved as it goes, and restored to the same sound."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from daw_bridge.clock.quantum import Quantum
from daw_bridge.clock.steered_clock import AUTO
from daw_bridge.delivery.folder_sink import write_bytes
from daw_bridge.live.live_set import LiveSet, StoredScene
from daw_bridge.live.state import DeckState
from daw_bridge.live.takes import HeldTake, TakeFacts
from osc_server.contract.errors import MagnetError, StorageFailed
from osc_server.contract.musical_time import BPM_MAX, BPM_MIN, Meter

_SETTINGS = (
    *("prompt", "prompts", "bars", "every_bars", "follow", "seed", "model", "preset", "key"),
    *("temperature", "guidance", "steps", "amount", "infill_from", "infill_to"),
    *("level_db", "mute", "solo", "hold", "capture_bars"),
)
_SAVE_SECONDS = 2.0


class _Record(BaseModel):
    model_config = ConfigDict(extra="ignore")


class SavedTake(_Record):
    """A take; ``beats`` is exact, as ``"16"`` or ``"7/2"``."""

    clip: str
    path: Path
    prompt: str
    beats: str = Field(pattern=r"^\d{1,9}(/\d{1,9})?$")
    bpm: float = Field(ge=BPM_MIN, le=BPM_MAX)
    seed: int
    kept: bool = False
    facts: TakeFacts = TakeFacts()


class SavedDeck(_Record):
    """A deck: its settings by name, its takes, which is on, and whether it plays."""

    settings: dict[str, str | bool | int | float | None] = {}
    takes: list[SavedTake] = []
    place: int = -1
    plays: bool = False


class SavedSession(_Record):
    """A live set."""

    version: int = 1
    bpm: float = Field(120.0, ge=BPM_MIN, le=BPM_MAX)
    meter: str = "4/4"
    clock: str = AUTO
    clock_offset_ms: float = Field(0.0, ge=-500, le=500)
    quantum: str = "bar"
    mix_level_db: float = Field(0.0, ge=-90, le=12)
    scenes: dict[int, StoredScene] = {}
    decks: list[SavedDeck] = []


def snapshot(live: LiveSet) -> SavedSession:
    """What is to be saved of a live set. Takes that are on no disk of ours are left out."""
    plays = any(conductor.tempo_to_be is not None for conductor in live.conductors)
    return SavedSession(
        bpm=live.rig.clock.bpm if plays else live.state.bpm,
        meter=str(live.state.meter),
        clock=live.rig.clock.wanted,
        clock_offset_ms=1000 * live.rig.clock.offset_seconds,
        quantum=str(live.quantum),
        mix_level_db=live.mix_level_db,
        scenes=dict(live.scenes),
        decks=[_saved_deck(deck) for deck in live.state.decks],
    )


def restore(live: LiveSet, saved: SavedSession) -> None:
    """Bring a live set that is empty to what was saved; what played begins together.

    Decks beyond those that there are now stay in the file's past. A take that cannot be read any
    more leaves its deck stopped, and is told.

    Raises:
        BadRequest: where what was saved cannot be.
    """
    live.set_bpm(saved.bpm)
    live.set_meter(Meter.parse(saved.meter))
    _restore_clock(live, saved)
    live.quantum = Quantum.parse(saved.quantum)
    live.set_mix_level(saved.mix_level_db)
    live.scenes = dict(saved.scenes)
    playing: StoredScene = {}
    for conductor, deck in zip(live.conductors, saved.decks, strict=False):
        for name, value in deck.settings.items():
            if name in _SETTINGS:
                setattr(conductor.state, name, value)
        takes = [_held_take(take) for take in deck.takes]
        conductor.restore(takes, min(max(deck.place, 0), len(takes) - 1))
        if deck.plays and takes:
            try:
                conductor.loop_of(takes[conductor.state.history.place], saved.bpm)
                playing[conductor.state.number] = conductor.state.history.place
            except MagnetError as error:
                live.state.message = str(error)
    live.apply_levels()
    if playing:
        live.launch(playing)


def _restore_clock(live: LiveSet, saved: SavedSession) -> None:
    """Whom the clock followed, and how late; what was said on the command line stands."""
    clock = live.rig.clock
    clock.offset_seconds = clock.offset_seconds or saved.clock_offset_ms / 1000
    if clock.wanted == AUTO:
        try:
            clock.choose(saved.clock)
        except MagnetError as error:  # no Link on this computer
            live.state.say(str(error))


def read_session(path: Path) -> SavedSession | None:
    """What was saved in a file; None where there is none yet.

    Raises:
        StorageFailed: where it cannot be read; it is left as it is.
    """
    if not path.exists():
        return None
    try:
        return SavedSession.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise StorageFailed(
            f"the session {path} cannot be read ({type(error).__name__}): move it away, or name "
            "another with --session"
        ) from error


class Keeper:
    """Saves a live set whenever it has changed, so that a crash costs two seconds at most.

    Args:
        live: the decks.
        path: the file; written whole or not at all.
    """

    def __init__(self, live: LiveSet, path: Path) -> None:
        self._live = live
        self._path = path
        self._saved = b""
        self._up_to_date = False
        self._next_seconds = 0.0

    @property
    def up_to_date(self) -> bool:
        """Whether the file held what was when it was last looked at."""
        return self._up_to_date

    def due(self, now_seconds: float) -> bytes | None:
        """What ``save`` takes, where something has changed; every two seconds at most.

        Args:
            now_seconds: of any steady clock.
        """
        if now_seconds < self._next_seconds:
            return None
        self._next_seconds = now_seconds + _SAVE_SECONDS
        content = self._bytes()
        self._up_to_date = content == self._saved
        return None if self._up_to_date else content

    def save(self, content: bytes | None = None) -> None:
        """Write now.

        Raises:
            StorageFailed: where it cannot be written.
        """
        content = content or self._bytes()
        write_bytes(self._path, content)
        self._saved, self._up_to_date = content, True

    def _bytes(self) -> bytes:
        return snapshot(self._live).model_dump_json(indent=1).encode()


def _saved_deck(deck: DeckState) -> SavedDeck:
    takes = [take for take in deck.history.takes if take.path is not None]
    current = deck.history.current
    return SavedDeck(
        settings={name: getattr(deck, name) for name in _SETTINGS},
        takes=[
            SavedTake(
                clip=take.clip,
                path=take.path,
                prompt=take.prompt,
                beats=str(take.beats),
                bpm=take.bpm,
                seed=take.seed,
                kept=take.kept,
                facts=take.facts,
            )
            for take in takes
            if take.path is not None
        ],
        place=takes.index(current) if current in takes else len(takes) - 1,
        plays=deck.doing in ("playing", "cued"),
    )


def _held_take(take: SavedTake) -> HeldTake:
    beats = Fraction(take.beats)
    made = (take.clip, take.path, take.prompt, beats, take.bpm, take.seed)
    return HeldTake(*made, kept=take.kept, facts=take.facts)
