"""What a live set is doing; written on the event loop, shown on the screen and on surfaces."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from daw_bridge.live.deck_moves import Doing, Event, after
from daw_bridge.live.takes import History
from osc_server.contract.musical_time import Meter

MESSAGES = 32
"""So many sentences are kept."""


@dataclass(frozen=True, slots=True)
class NextClip:
    """The clip that is being made or waits for its bar.

    Attributes:
        prompt: its words.
        fraction: of the rendering that is done, 0..1.
        eta_seconds: until it is ready, estimated; 0 where unknown.
        cued_bar: the bar on which it will begin, counted from 1; 0 while it is being made.
        held: whether it waits for launch.
        is_preview: whether a preview is what begins then, while the clip is still being made.
    """

    prompt: str
    fraction: float = 0.0
    eta_seconds: float = 0.0
    cued_bar: int = 0
    held: bool = False
    is_preview: bool = False


@dataclass(slots=True)
class DeckState:
    """Everything about a deck that is not its sound.

    The settings have the names of their faders where nothing else is said; 0 leaves
    ``temperature``, ``guidance`` and ``steps`` to the model.

    Attributes:
        number: counted from 1.
        prompt: what was asked for last, or will be next.
        prompts: the list of the follow action ``next``.
        bars: length of the next take.
        every_bars: a follow action each so many bars; 0 = never.
        follow: which one: none, take, vary, grow or next.
        seed: of the next take; None = another each time.
        level_db: its level.
        hold: whether a finished take waits for launch.
        doing: its state; moved by ``move`` alone.
        next_clip: what is under way; None if nothing.
        history: its takes.
    """

    number: int = 1
    prompt: str = ""
    prompts: str = ""
    bars: float = 4.0
    every_bars: float = 0.0
    follow: str = "take"
    seed: int | None = None
    model: str = ""
    preset: str = ""
    key: str = ""
    temperature: float = 0.0
    guidance: float = 0.0
    steps: int = 0
    amount: float = 0.5
    infill_from: float = 0.0
    infill_to: float = 4.0
    capture_bars: int = 4
    level_db: float = 0.0
    mute: bool = False
    solo: bool = False
    hold: bool = False
    doing: Doing = "empty"
    next_clip: NextClip | None = None
    history: History = field(default_factory=History)

    def move(self, event: Event) -> None:
        """Let something happen to the deck.

        Raises:
            BadRequest: where that is no legal move.
        """
        self.doing = after(self.doing, event, has_take=bool(self.history.takes))

    @property
    def next(self) -> str:
        """What comes next: none, rendering, ready (it waits for launch) or cued."""
        clip = self.next_clip
        if clip is None:
            return "none"
        return "cued" if clip.cued_bar else "ready" if clip.held else "rendering"


@dataclass(slots=True)
class LiveState:
    """Everything about a live set that is not the sound itself.

    Attributes:
        bpm: tempo of the next clip.
        meter: time signature.
        follows: whether somebody else leads the clock: the tempo is theirs.
        halted: whether who leads has stopped: what is launched waits for their start.
        decks: at least one.
        chosen: index of the deck that is typed to.
        server: one line on the server.
        page: where a browser finds the page; empty where there is none.
        rtf: compute seconds for a second of audio, of the newest take; 0 before the first.
        typed: the line that is being typed.
        said: the newest sentences for the musician, the oldest first.
        n_said: how many there were in all.
    """

    bpm: float = 120.0
    meter: Meter = field(default_factory=Meter)
    follows: bool = False
    halted: bool = False
    decks: list[DeckState] = field(default_factory=lambda: [DeckState()])
    chosen: int = 0
    server: str = "starting"
    page: str = ""
    rtf: float = 0.0
    typed: str = ""
    said: deque[str] = field(default_factory=lambda: deque(maxlen=MESSAGES))
    n_said: int = 0

    @property
    def deck(self) -> DeckState:
        """The deck that is typed to."""
        return self.decks[self.chosen]

    @property
    def message(self) -> str:
        """The newest sentence for the musician; empty before the first."""
        return self.said[-1] if self.said else ""

    @message.setter
    def message(self, sentence: str) -> None:
        self.say(sentence)

    def say(self, sentence: str) -> None:
        """Show the musician a sentence; the same one again changes nothing."""
        if sentence == self.message:
            return
        self.said.append(sentence)
        self.n_said += 1

    def said_since(self, n_said: int) -> list[str]:
        """The sentences after the first ``n_said``, as far as they are still kept."""
        new = self.n_said - n_said
        return list(self.said)[-new:] if new > 0 else []
