"""One deck: plays a loop, and changes over to the next one sample-exactly on the grid."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from daw_bridge.audio.level import SmoothedLevel
from daw_bridge.audio.loop import Block, Loop
from daw_bridge.audio.loop_reader import LoopReader
from daw_bridge.audio.mailbox import Mailbox
from daw_bridge.clock.clock import Clock
from osc_server.contract.errors import BadRequest
from osc_server.contract.musical_time import check_bpm

CHANGE_OVER_SECONDS = 0.005
RELOCK_SECONDS = 0.0015
_NEVER = 1 << 62
_LETTERS_A_BLOCK = 8
_RECENT = 3


@dataclass(frozen=True, slots=True)
class Cue:
    """What a deck is to play next, and when.

    Attributes:
        loop: the next loop, or None to fall silent.
        at_beat: the clock's beat of the change-over.
        quantum_beats: where ``at_beat`` has passed, the change-over waits for the next beat that
            lies a whole number of these later: late is never a stumble.
        gapless: switch between two samples instead of crossfading; for material that continues
            the old one.
        leads: the clock takes the loop's tempo with the change-over.
        alike: the loop is nearly the one that plays: the crossfade keeps their amplitude instead
            of their power.
        origin_beat: a beat on which the loop's first sample lies, give or take whole rounds, so
            that it is entered in its middle; None = ``at_beat`` itself.

    Raises:
        BadRequest: where the quantum is not longer than 0, or the tempo not within 20..400.
    """

    loop: Loop | None
    at_beat: Fraction
    quantum_beats: Fraction
    gapless: bool = False
    leads: bool = False
    alike: bool = False
    origin_beat: Fraction | None = None

    def __post_init__(self) -> None:
        if self.quantum_beats <= 0:
            raise BadRequest("a quantum lasts more than 0 beats")
        if self.loop is not None:
            check_bpm(self.loop.bpm)


@dataclass(frozen=True, slots=True)
class Fade:
    """Gains of a crossfade, ``[n_samples, n_channels]`` each."""

    out: Block
    in_: Block

    @classmethod
    def equal_power(cls, n_samples: int, n_channels: int) -> Fade:
        """Keeps the power of two unlike sounds (cosine and sine)."""
        angle = _steps(n_samples, n_channels) * np.float32(np.pi / 2)
        return cls(np.cos(angle), np.sin(angle))

    @classmethod
    def equal_gain(cls, n_samples: int, n_channels: int) -> Fade:
        """Keeps the amplitude of two sounds that are nearly the same (linear)."""
        steps = _steps(n_samples, n_channels)
        return cls(1 - steps, steps)


@dataclass(frozen=True, slots=True)
class Change:
    """A crossfade in progress from the deck's reader to ``reader`` (None: silence)."""

    reader: LoopReader | None
    begins: int
    ends: int
    fade: Fade


class Deck:
    """Plays one loop after another without a gap.

    A change-over is an equal-power crossfade of 5 ms that *ends* on the bar: it fades in the new
    loop's own tail, so that its downbeat is heard whole and on its exact sample. Where a round of
    the loop is not a whole number of samples long (358,599.2 at 128.5 BPM), the deck starts each
    round on the sample nearest to its beat and hides the one-sample step in a 1.5 ms crossfade of
    the loop with itself; where it is whole, the loop is copied bit for bit.

    ``cue``, ``set_level`` and the properties are for any one thread; ``process`` is for the audio
    callback alone and allocates no audio memory.

    Args:
        clock: where the beats lie on the stream.
        rate_hz: samples per second of the stream.
        block_size: most samples in one call of ``process``.
        n_channels: channels of the loops and of the blocks.
        level_db: its level at the start.
    """

    def __init__(
        self, clock: Clock, rate_hz: int, block_size: int, n_channels: int, level_db: float = 0.0
    ) -> None:
        self._clock = clock
        self._mailbox: Mailbox[Cue] = Mailbox()
        self._level = SmoothedLevel(rate_hz, block_size, n_channels, level_db)
        # No letters: of a fader's many moves in one block only the last is of use.
        self._wanted_db = self._aimed_db = level_db
        n_change_over = max(1, round(CHANGE_OVER_SECONDS * rate_hz))
        n_relock = max(1, round(RELOCK_SECONDS * rate_hz))
        self._change_over = Fade.equal_power(n_change_over, n_channels)
        self._alike = Fade.equal_gain(n_change_over, n_channels)
        self._relock = Fade.equal_gain(n_relock, n_channels)
        self._incoming = np.zeros((block_size, n_channels), np.float32)
        self._reader: LoopReader | None = None
        self._change: Change | None = None
        self._cue: Cue | None = None
        self._cue_beat = Fraction(0)
        self._cue_begins = _NEVER
        self._round_due = _NEVER
        self._clock_changes = clock.changes
        self._held: list[Loop] = []

    # Any thread

    def cue(self, cue: Cue) -> None:
        """Change over at ``cue.at_beat``; replaces a cue that has not begun.

        Raises:
            Busy: when the sound stream has stopped taking orders.
        """
        self._mailbox.put(cue)
        self.hold(cue.loop)

    def hold(self, loop: Loop | None) -> None:
        """Keep hold of a loop that was cued: this thread gives its memory back, not the callback's.

        ``cue`` does it; ``Mixer.launch`` for the decks of a scene.
        """
        in_use = (self.playing, self.cued)
        older, recent = self._held[:-_RECENT], self._held[-_RECENT:]
        self._held = [held for held in older if held in in_use] + recent
        if loop is not None:
            self._held.append(loop)

    def set_level(self, level_db: float) -> None:
        """Glide to a level in dB; -90 and below is silence."""
        self._wanted_db = level_db

    @property
    def playing(self) -> Loop | None:
        """The loop that is heard, or None; during a change-over the old one."""
        reader = self._reader
        return None if reader is None else reader.loop

    @property
    def cued(self) -> Loop | None:
        """The loop that waits for its bar, or None."""
        cue = self._cue
        return None if cue is None else cue.loop

    @property
    def cued_beat(self) -> Fraction | None:
        """The clock's beat for which that waits, or None; later than asked for where that was late.

        A cue that the callback has not seen yet does not count.
        """
        cue, beat = self._cue, self._cue_beat
        return None if cue is None or not self._mailbox.empty else beat

    @property
    def waits(self) -> bool:
        """Whether a cue waits for its beat, be it a loop or silence."""
        return self._cue is not None or not self._mailbox.empty

    @property
    def idle(self) -> bool:
        """Whether it is silent, and nothing waits."""
        return self._reader is None and self._change is None and not self.waits

    @property
    def origin_beat(self) -> Fraction | None:
        """The clock's beat on which the present round began, or None in silence."""
        reader = self._reader
        return None if reader is None else reader.beat

    def sample_of(self, beat: Fraction) -> int | None:
        """The stream sample on which the loop, as it lies now, has a beat of the clock."""
        reader = self._reader
        if reader is None:
            return None
        rounds = (beat - reader.beat) / reader.loop.beats
        return reader.starts_at + round(rounds * reader.loop.n_samples)

    # The audio callback

    def process(self, out: Block, start: int) -> None:
        """Fill ``out [n_samples, n_channels]`` with stream samples from ``start`` on."""
        if (changes := self._clock.changes) != self._clock_changes:
            self._clock_changes = changes
            self._count_anew(start)
        self._take_letters(start)
        if (wanted_db := self._wanted_db) != self._aimed_db:
            self._aimed_db = wanted_db
            self._level.aim(wanted_db)
        done, n_samples = 0, len(out)
        while done < n_samples:
            now = start + done
            change = self._change
            if change is not None and now >= change.ends:
                self._end_change(change, now)
            elif change is not None:
                count = min(n_samples - done, change.ends - now)
                self._crossfade(change, out[done : done + count], now)
                done += count
            elif now >= self._cue_begins:
                self._begin_change_over(now)
            elif now >= self._round_due:
                self._begin_round(now)
            else:
                count = min(n_samples, min(self._cue_begins, self._round_due) - start) - done
                _read(self._reader, out[done : done + count], now)
                done += count
        self._level.apply(out)

    def _take_letters(self, now: int) -> None:
        for _ in range(_LETTERS_A_BLOCK):
            letter = self._mailbox.take()
            if letter is None:
                return
            self.take(letter, now, self.beat_in_time(letter, now))

    def beat_in_time(self, cue: Cue, now: int) -> Fraction:
        """The callback: ``cue.at_beat``, or where it is too late the first quantum after it."""
        # From silence it may start without a fade.
        room = 0 if self._reader is None or cue.gapless else len(self._change_over.out)
        late = self._clock.beat_at(now + room) - cue.at_beat
        return cue.at_beat + max(0, -(-late // cue.quantum_beats)) * cue.quantum_beats

    def take(self, cue: Cue, now: int, beat: Fraction) -> None:
        """The callback: let ``cue`` begin on ``beat``, which is in time."""
        self._cue, self._cue_beat = cue, beat
        self._count_cue(cue, now)

    def _count_anew(self, now: int) -> None:
        """The clock's beats lie elsewhere: so do the change-over and the next round."""
        if (cue := self._cue) is not None:
            self._count_cue(cue, now)
        if self._round_due != _NEVER and (reader := self._reader) is not None:
            self._round_due = self._due_after(reader, now)

    def _count_cue(self, cue: Cue, now: int) -> None:
        lead = 0 if cue.gapless else len(self._change_over.out)
        starts_at = self._clock.sample_at(self._cue_beat)
        if self._reader is None and starts_at - lead < now:
            lead = 0
        # A beat may round to the sample before its own; the fade then begins with this block.
        self._cue_begins = max(starts_at - lead, now)

    def _begin_change_over(self, now: int) -> None:
        cue, beat = self._cue, self._cue_beat
        self._cue, self._cue_begins = None, _NEVER
        if cue is None:
            return
        starts_at = self._clock.sample_at(beat)
        if cue.leads and cue.loop is not None:
            self._clock.set_bpm(cue.loop.bpm, beat)
        reader = (
            None if cue.loop is None else _reader_of(cue.loop, starts_at, beat, cue.origin_beat)
        )
        length = 0 if cue.gapless else len(self._change_over.out)
        if self._reader is None and now + length > starts_at:
            length = 0
        fade = self._alike if cue.alike else self._change_over
        self._change = Change(reader, now, now + length, fade)

    def _begin_round(self, now: int) -> None:
        """Let the next round of the same loop begin on the sample of its beat."""
        reader = self._reader
        if reader is None:
            self._round_due = _NEVER
            return
        beat = reader.beat + reader.loop.beats
        starts_at = self._clock.sample_at(beat)
        following = LoopReader(reader.loop, starts_at, beat)
        if starts_at == reader.starts_at + reader.loop.n_samples:
            self._reader = following
            self._round_due = self._due_after(following, now)
        else:
            self._change = Change(following, now, now + len(self._relock.out), self._relock)

    def _end_change(self, change: Change, now: int) -> None:
        self._change = None
        self._reader = change.reader
        self._round_due = _NEVER if change.reader is None else self._due_after(change.reader, now)

    def _due_after(self, reader: LoopReader, now: int) -> int:
        """The sample at which the round after the reader's has to be looked at."""
        next_start = self._clock.sample_at(reader.beat + reader.loop.beats)
        return max(next_start - len(self._relock.out), now + 1)

    def _crossfade(self, change: Change, out: Block, now: int) -> None:
        incoming = self._incoming[: len(out)]
        _read(self._reader, out, now)
        _read(change.reader, incoming, now)
        first = now - change.begins
        np.multiply(out, change.fade.out[first : first + len(out)], out)
        np.multiply(incoming, change.fade.in_[first : first + len(out)], incoming)
        np.add(out, incoming, out)


def _reader_of(loop: Loop, starts_at: int, beat: Fraction, origin: Fraction | None) -> LoopReader:
    """Where the loop lies if it is entered on ``beat``, which is heard at ``starts_at``."""
    played = Fraction(0) if origin is None else (beat - origin) % loop.beats
    return LoopReader(loop, starts_at - round(played / loop.beats * loop.n_samples), beat - played)


def _read(reader: LoopReader | None, out: Block, now: int) -> None:
    if reader is None:
        out.fill(0.0)
    else:
        reader.read(out, now)


def _steps(n_samples: int, n_channels: int) -> Block:
    steps = (np.arange(n_samples, dtype=np.float32) + np.float32(0.5)) / np.float32(n_samples)
    return np.repeat(steps[:, None], n_channels, axis=1)
