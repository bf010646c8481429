"""What a live set is doing; written on the event loop, shown on the screen."""

from __future__ import annotations

from dataclasses import dataclass, field

from osc_server.contract.musical_time import Meter


@dataclass(frozen=True, slots=True)
class NextClip:
    """The clip that is being made or waits for its bar.

    Attributes:
        prompt: its words.
        fraction: of the rendering that is done, 0..1.
        eta_seconds: until it is ready, estimated; 0 where unknown.
        cued_bar: the bar on which it will begin, counted from 1; 0 while it is being made.
    """

    prompt: str
    fraction: float = 0.0
    eta_seconds: float = 0.0
    cued_bar: int = 0


@dataclass(slots=True)
class LiveState:
    """Everything about a live set that is not the sound itself.

    Attributes:
        bpm: tempo of the next clip.
        bars: length of the next clip.
        meter: time signature.
        every_bars: a new take each so many bars; 0 = only when asked.
        seed: of the next clip; None = another each time.
        level_db: of the deck.
        prompt: what was asked for last.
        next_clip: what is under way; None if nothing.
        server: one line on the server.
        message: one line for the musician, the newest.
        typed: the line that is being typed.
    """

    bpm: float = 120.0
    bars: float = 4.0
    meter: Meter = field(default_factory=Meter)
    every_bars: float = 0.0
    seed: int | None = None
    level_db: float = 0.0
    prompt: str = ""
    next_clip: NextClip | None = None
    server: str = "starting"
    message: str = ""
    typed: str = ""
