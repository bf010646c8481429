"""What a client can ask for, as records. ``addresses`` turns OSC arguments into these."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from osc_server.contract.errors import BadRequest
from osc_server.contract.musical_time import Meter, check_bpm, seconds_to_beats

RequestId = int | str
SpanArrangement = Literal["nonoverlap", "stride1"]
Delivery = Literal["path", "stream"]
VaryStrategy = Literal["weakest", "strongest", "periodic", "random", "texture"]
COMMON_TIME = Meter(4, 4)
RATE_MIN_HZ, RATE_MAX_HZ = 8000, 192000
"""Clips have any rate between: every host has its own."""


@dataclass(frozen=True, slots=True)
class DecodingOptions:
    """How codes are drawn. ``None`` leaves a value to the model's own default."""

    temperature: float | None = None  # 0.01..10, annealed towards 0 over a stage
    top_p: float | None = None  # 0..1, 0 = off
    top_k: int | None = None  # 0..codebook size, 0 = off
    guidance_max: float | None = None  # 0..30, at the first step of a stage
    guidance_min: float | None = None  # 0..30, at the last step of a stage
    steps: tuple[int, ...] | None = None  # forward passes per codebook, each 1..500
    span: SpanArrangement | None = None
    scoring: Literal["max", "prod"] | None = None  # how a span's confidence is taken
    greedy: bool | None = None  # argmax instead of drawing


@dataclass(frozen=True, slots=True)
class WeightedPrompt:
    """One of several prompts that are mixed: its words, its share, and the bars it holds for."""

    prompt: str
    weight: float = 1.0  # > 0, scaled to a sum of 1 where several sound
    from_bar: float = 0.0  # counted from 0
    to_bar: float | None = None  # None = to the end


@dataclass(frozen=True, slots=True)
class Continue:
    """Begin where a clip ends: only the new part comes back."""

    clip: str  # clip id, or path of a WAV in an allowed folder


@dataclass(frozen=True, slots=True)
class Infill:
    """Make the part between two beats anew; outside of it every sample stays as it is."""

    clip: str
    from_beats: float
    to_beats: float

    def __post_init__(self) -> None:
        if self.to_beats <= self.from_beats:
            raise BadRequest(
                f"there is nothing between beat {self.from_beats:g} and beat {self.to_beats:g}: "
                "to must be greater than from"
            )


@dataclass(frozen=True, slots=True)
class Vary:
    """Make some of a clip anew."""

    clip: str
    amount: float = 0.5  # 0..1, share of the spans that are redrawn
    strategy: VaryStrategy = "weakest"


@dataclass(frozen=True, slots=True)
class CloseLoop:
    """Close the seam of given audio: its last and first moments are made anew on the circle."""

    clip: str


Start = Continue | Infill | Vary | CloseLoop
"""What a clip is made from beside the words."""


@dataclass(frozen=True, slots=True)
class Hint:
    """The beginning, written by an autoregressive model; one of the two is given."""

    beats: float | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        if (self.beats is None) == (self.seconds is None):
            raise BadRequest("give the hint once: hint in beats, or hint_seconds")


@dataclass(frozen=True, slots=True)
class GenerateClip:
    """``/magnet/generate`` and its kin: make a clip, exactly as long as asked.

    With ``start`` it is ``/magnet/continue``, ``infill``, ``vary`` or ``loop``.
    """

    id: RequestId
    prompt: str = ""
    model: str = ""  # empty = the server's current model
    preset: str = ""
    bars: float | None = None  # at most one of bars, beats, seconds; none = 4 bars
    beats: float | None = None
    seconds: float | None = None
    bpm: float = 120.0
    meter: Meter = COMMON_TIME
    key: str = ""  # such as "A minor"; added to the words
    loop: bool = True  # close the seam
    seed: int | None = None  # 0..2**31-1; None = draw one, and say which
    decoding: DecodingOptions = DecodingOptions()
    lane: str = ""  # a newer job replaces a waiting one in its lane; empty = no lane
    loudness_lufs: float = -14.0  # -60..-5
    rate_hz: int = 48000
    n_channels: int = 1  # 1 or 2
    delivery: Delivery = "path"
    start: Start | None = None
    negative: str = ""  # words to go away from
    mix: tuple[WeightedPrompt, ...] = ()  # instead of the prompt
    takes: int = 1  # 1..8; the best is delivered, all are kept
    hint: Hint | None = None
    rescore: float = 0.0  # 0..1, weight of the autoregressive companion when spans are ranked
    companion: str = ""  # a MusicGen in the models folder; empty = the model's own
    preview: bool = False  # say when the first codebook can be heard
    deadline_ms: float | None = None  # from its acceptance to ready
    conform: bool = True  # what has a beat is brought to the tempo, a drum loop's bar to its start
    given: frozenset[str] = frozenset()  # wire names the client gave; a preset fills the rest

    def __post_init__(self) -> None:
        check_bpm(self.bpm)
        if sum(value is not None for value in (self.bars, self.beats, self.seconds)) > 1:
            raise BadRequest("give the length once: bars, beats or seconds")

    @property
    def words(self) -> str:
        """What it is asked to sound like, for people: the prompt, or all that are mixed."""
        return self.prompt or " + ".join(part.prompt for part in self.mix)

    @property
    def length_beats(self) -> Fraction:
        """Length in quarter notes, exact where it was given in bars or beats."""
        if self.beats is not None:
            return Fraction(self.beats)
        if self.seconds is not None:
            return Fraction(seconds_to_beats(self.seconds, self.bpm))
        bars = 4 if self.bars is None else self.bars
        return Fraction(bars) * self.meter.beats_per_bar


@dataclass(frozen=True, slots=True)
class Cancel:
    """``/magnet/cancel``: stop the job that has this id."""

    id: RequestId


@dataclass(frozen=True, slots=True)
class Status:
    """``/magnet/status``: what the server is doing."""

    id: RequestId


@dataclass(frozen=True, slots=True)
class Ping:
    """``/magnet/ping``: is anybody there?"""

    id: RequestId


@dataclass(frozen=True, slots=True)
class Sync:
    """``/magnet/sync``: answer once all that I sent before is handled."""

    id: RequestId


@dataclass(frozen=True, slots=True)
class Notify:
    """``/magnet/notify``: send my replies to this port of my host."""

    id: RequestId
    port: int  # 1..65535; 0 = the port that I send from


@dataclass(frozen=True, slots=True)
class Hello:
    """``/magnet/hello``: show the token of a server that asks for one."""

    id: RequestId
    token: str = ""


@dataclass(frozen=True, slots=True)
class Help:
    """``/magnet/help``: explain an address, or list them all."""

    id: RequestId
    topic: str = ""


@dataclass(frozen=True, slots=True)
class ListModels:
    """``/magnet/model/list``."""

    id: RequestId


@dataclass(frozen=True, slots=True)
class LoadModel:
    """``/magnet/model/load``: make a model the current one."""

    id: RequestId
    model: str


@dataclass(frozen=True, slots=True)
class UnloadModel:
    """``/magnet/model/unload``: free the memory of a model."""

    id: RequestId
    model: str = ""  # empty = the current one


@dataclass(frozen=True, slots=True)
class FetchModel:
    """``/magnet/model/fetch``: bring a model, and all that it needs, onto the server's disk."""

    id: RequestId
    model: str


@dataclass(frozen=True, slots=True)
class ListPresets:
    """``/magnet/preset/list``."""

    id: RequestId


@dataclass(frozen=True, slots=True)
class ListClips:
    """``/magnet/clip/list``: the newest first."""

    id: RequestId
    limit: int = 100  # 1..1000


@dataclass(frozen=True, slots=True)
class GetClip:
    """``/magnet/clip/get``: one clip again, by its clip id."""

    id: RequestId
    clip: str
    delivery: Delivery = "path"
    rate_hz: int | None = None  # resampled where it is another than the clip's own; None = as it is


@dataclass(frozen=True, slots=True)
class Landed:
    """``/magnet/clip/landed``: a host has put a clip somewhere, or could not."""

    id: RequestId
    clip: str
    place: str = ""  # where, in the host's own words
    problem: str = ""  # why it could not; empty where it did

    def __post_init__(self) -> None:
        if not self.place and not self.problem:
            raise BadRequest("say where the clip landed (place), or why it could not (problem)")


Request = (
    GenerateClip
    | Cancel
    | Status
    | Ping
    | Sync
    | Notify
    | Hello
    | Help
    | ListModels
    | LoadModel
    | UnloadModel
    | FetchModel
    | ListPresets
    | ListClips
    | GetClip
    | Landed
)
