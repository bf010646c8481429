"""Where the bars of an Ardour session lie, by the tempos and meters in its file."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from osc_server.contract.errors import BadRequest

TICKS_PER_QUARTER = 1920


@dataclass(frozen=True, slots=True)
class TempoPoint:
    """A tempo from some place on.

    Attributes:
        quarter: where it begins, in quarter notes from the session's beginning.
        superclock: the same in superclocks, Ardour's smallest unit of time.
        superclocks_per_quarter: how long a quarter note is.
        ramps: whether the tempo changes until the next point.
    """

    quarter: Fraction
    superclock: int
    superclocks_per_quarter: int
    ramps: bool


@dataclass(frozen=True, slots=True)
class MeterPoint:
    """A meter from some bar on."""

    bar: int
    quarter: Fraction
    quarters_per_bar: Fraction


@dataclass(frozen=True, slots=True)
class TempoMap:
    """Tempos and meters of a session, each in order."""

    tempos: Sequence[TempoPoint]
    meters: Sequence[MeterPoint]

    @classmethod
    def read(cls, session: ET.Element) -> TempoMap:
        """The map of a session.

        Raises:
            BadRequest: where the session counts its bars in a way that is not understood here.
        """
        found = session.find("TempoMap")
        if found is None or not found.findall("Tempos/Tempo") or not found.findall("Meters/Meter"):
            raise BadRequest("the session has no tempo map: open it in Ardour once and save it")
        if found.find("MusicTimes/*") is not None:
            raise BadRequest(
                "the session has a marker that counts its bars anew, which is not understood here: "
                "take the BBT marker out, or import the clip in Ardour by hand"
            )
        superclocks_per_second = int(found.get("superclocks-per-second", "0"))
        return cls(
            [_tempo(point, superclocks_per_second) for point in found.findall("Tempos/Tempo")],
            [_meter(point) for point in found.findall("Meters/Meter")],
        )

    def superclock_of_bar(self, bar: int) -> int:
        """Where a bar begins, as Ardour itself computes it.

        Args:
            bar: counted from 1.

        Raises:
            BadRequest: where it begins within a tempo ramp.
        """
        meter = next(point for point in reversed(self.meters) if point.bar <= bar)
        quarter = meter.quarter + (bar - meter.bar) * meter.quarters_per_bar
        tempo = next(point for point in reversed(self.tempos) if point.quarter <= quarter)
        beyond = quarter - tempo.quarter
        if tempo.ramps and beyond:
            raise BadRequest(
                f"bar {bar} begins within a tempo ramp, whose bars Ardour alone can tell: "
                "choose a bar before or after it, or import the clip in Ardour by hand"
            )
        whole, part = divmod(beyond, 1)
        # Ardour rounds what is beyond the last whole quarter; so do we, to lie where it does.
        return (
            tempo.superclock
            + int(whole) * tempo.superclocks_per_quarter
            + round(part * tempo.superclocks_per_quarter)
        )


def _tempo(point: ET.Element, superclocks_per_second: int) -> TempoPoint:
    per_note = round(60 / float(point.attrib["npm"]) * superclocks_per_second)
    return TempoPoint(
        _quarters(point),
        int(point.attrib["sclock"]),
        per_note * int(point.attrib["note-type"]) // 4,
        float(point.get("omega", "0")) != 0,
    )


def _meter(point: ET.Element) -> MeterPoint:
    per_bar = Fraction(4 * int(point.attrib["divisions-per-bar"]), int(point.attrib["note-value"]))
    return MeterPoint(int(point.attrib["bbt"].partition("|")[0]), _quarters(point), per_bar)


def _quarters(point: ET.Element) -> Fraction:
    beats, _, ticks = point.attrib["quarters"].partition(":")
    return int(beats) + Fraction(int(ticks), TICKS_PER_QUARTER)
