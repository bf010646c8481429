"""The history of a deck: every take can be recalled."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from daw_bridge.audio.loop import Loop
from daw_bridge.client.clip_result import ClipResult

MAX_TAKES = 128
"""Of a deck; beyond it the oldest that is not kept is forgotten. Its clip stays in its folder."""
_LOOPS_IN_MEMORY = 8


@dataclass(frozen=True, slots=True)
class TakeFacts:
    """What was measured of a take, as ``ClipResult`` has it; 0 where it was not."""

    bpm_measured: float = 0.0
    seam: float = 0.0
    lufs: float = 0.0
    confidence: float = 0.0
    rtf: float = 0.0
    notes: str = ""


@dataclass(slots=True, eq=False)
class HeldTake:
    """A take that a deck can play.

    Attributes:
        clip: its clip's id on the server; of captured audio the path of its WAV.
        path: its WAV; None where it was streamed.
        prompt: its words.
        beats: its length in quarter notes, exact.
        bpm: the tempo that it was made for.
        seed: that made it.
        kept: whether history must not forget it, nor a follow action replace it.
        loop: its audio as it was made, at the deck's rate; None where it has to be read again.
        facts: what was measured of it.
    """

    clip: str
    path: Path | None
    prompt: str
    beats: Fraction
    bpm: float
    seed: int
    kept: bool = False
    loop: Loop | None = None
    facts: TakeFacts = TakeFacts()

    @property
    def is_captured(self) -> bool:
        """Whether it came in from outside, and is no clip of the server's."""
        return self.path is not None and self.clip == str(self.path)

    @classmethod
    def of(cls, clip: ClipResult, loop: Loop) -> HeldTake:
        """What a deck holds of a clip."""
        facts = TakeFacts(
            clip.bpm_measured, clip.seam, clip.lufs, clip.confidence, clip.rtf, clip.notes
        )
        return cls(
            clip.id, clip.path, clip.prompt, clip.beats, clip.bpm, clip.seed, loop=loop, facts=facts
        )


@dataclass(slots=True)
class History:
    """The takes of a deck, the oldest first, and which of them is on.

    A new take goes to the end, wherever undo has led: nothing that was heard is ever lost by it.
    """

    takes: list[HeldTake] = field(default_factory=list)
    place: int = -1
    """Index of the take that is on; -1 = none yet."""

    @property
    def current(self) -> HeldTake | None:
        """The take that is on."""
        return self.takes[self.place] if self.takes else None

    @property
    def before(self) -> int | None:
        """Index of the take before, where there is one."""
        return self.place - 1 if self.place > 0 else None

    @property
    def after(self) -> int | None:
        """Index of the take after, where there is one."""
        return self.place + 1 if self.place + 1 < len(self.takes) else None

    def add(self, take: HeldTake) -> None:
        """A new take is on."""
        self.takes.append(take)
        if len(self.takes) > MAX_TAKES:
            forgotten = next((one for one in self.takes[:-1] if not one.kept), None)
            if forgotten is not None:
                self.takes.remove(forgotten)
        self.go(len(self.takes) - 1)

    def go(self, place: int) -> HeldTake:
        """Another take is on; audio of those that are far from it is let go."""
        self.place = place
        take = self.takes[place]
        nearest = sorted(range(len(self.takes)), key=lambda index: abs(index - place))
        for index in nearest[_LOOPS_IN_MEMORY:]:
            if self.takes[index].path is not None:
                self.takes[index].loop = None
        return take
