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
COMMON_TIME = Meter(4, 4)
RATES_HZ = (32000, 44100, 48000, 88200, 96000)


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
class GenerateClip:
    """``/magnet/generate``: make a clip from words, exactly as long as asked."""

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
    given: frozenset[str] = frozenset()  # wire names the client gave; a preset fills the rest

    def __post_init__(self) -> None:
        check_bpm(self.bpm)
        if sum(value is not None for value in (self.bars, self.beats, self.seconds)) > 1:
            raise BadRequest("give the length once: bars, beats or seconds")

    @property
    def length_beats(self) -> Fraction:
        """Length in quarter notes, exact where it was given in bars or beats."""
        if self.beats is not None:
            return Fraction(self.beats)
        if self.seconds is not None:
            return Fraction(seconds_to_beats(self.seconds, self.bpm))
        bars = 4 if self.bars is None else self.bars
        return Fraction(bars) * self.meter.beats_per_bar
