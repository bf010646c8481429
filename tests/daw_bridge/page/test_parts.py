"""Frames, the outbox, the beat as a page reckons it, a waveform in few numbers."""

from __future__ import annotations

import asyncio
import json
from fractions import Fraction

import numpy as np
import pytest

from daw_bridge.audio.loop import Loop
from daw_bridge.page.beat import BeatTeller
from daw_bridge.page.frames import PageWord, read_frame, write_frame
from daw_bridge.page.outbox import Outbox
from daw_bridge.page.peaks import peaks_of
from daw_bridge.page.table import table_rows
from osc_server.contract.errors import BadRequest
from osc_server.contract.fader_rows import FADERS
from osc_server.contract.packets import OscMessage


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('["/magnet/deck/1/level", -6.5]', OscMessage("/magnet/deck/1/level", (-6.5,))),
        ('["/magnet/deck/1/level"]', OscMessage("/magnet/deck/1/level", ())),
        ('["/magnet/deck/1/mute", true]', OscMessage("/magnet/deck/1/mute", (True,))),
        ('["/magnet/midi/learn", "a", 2]', OscMessage("/magnet/midi/learn", ("a", 2))),
        ('["ping", 12.5]', PageWord("ping", 12.5)),
        ('["lists"]', PageWord("lists")),
    ],
)
def test_a_frame_is_an_address_and_its_values(text, said):
    assert read_frame(text) == said


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "{}",
        "[]",
        "[1]",
        '["/magnet/deck/1/level", NaN]',
        '["/magnet/deck/1/level", Infinity]',
        '["/magnet/deck/1/level", 1e999]',
        '["/magnet/deck/1/seed", 99999999999999999999999999]',
        '["/magnet/deck/1/level", [1]]',
        '["/magnet/deck/1/level", {"a": 1}]',
        "[" * 10000,
        json.dumps(["/magnet/deck/1/prompt", *["word"] * 100]),
    ],
)
def test_what_is_no_frame_is_refused_with_a_sentence(text):
    with pytest.raises(BadRequest, match="a frame must"):
        read_frame(text)


def test_of_each_kind_the_newest_waits_and_no_sentence_replaces_another():
    async def talk():
        outbox = Outbox()
        for level in range(10000):
            outbox.put("/magnet/deck/1/level", level)
            outbox.put("takes", level, str(level % 2))
        outbox.put_each("/magnet/error", "one")
        outbox.put_each("/magnet/error", "two")
        assert len(outbox) == 5
        return await outbox.take()

    assert asyncio.run(talk()) == [
        ("takes", 9998),
        ("/magnet/deck/1/level", 9999),
        ("takes", 9999),
        ("/magnet/error", "one"),
        ("/magnet/error", "two"),
    ]


def test_an_outbox_that_nobody_empties_does_not_grow():
    outbox = Outbox()
    for number in range(1000):
        outbox.put_each("/magnet/error", number)
    assert len(outbox) == 16


def test_the_beat_is_told_once_while_the_tempo_holds():
    teller = BeatTeller()
    told = [teller.look(t / 20, 2 * t / 20, 120.0) for t in range(1, 2000)]
    assert [one for one in told if one is not None] == [told[0]]
    assert told[0].beat_at(100.0) == pytest.approx(200.0)


def test_a_new_tempo_a_leap_and_a_halt_are_told():
    teller = BeatTeller()
    teller.look(1.0, 2.0, 120.0)
    assert teller.look(2.0, 4.0, 90.0).bpm == 90.0
    assert teller.look(2.1, 64.0, 90.0).beat == 64.0
    halted = [teller.look(2.1 + t / 20, 64.0, 90.0) for t in range(1, 40)]
    assert halted[-1] is None  # told that it stands, and then nothing more
    assert teller.told.bpm == 0.0
    assert teller.look(5.0, 64.2, 90.0).bpm == 90.0


def test_the_steps_of_a_stand_in_for_a_sound_device_are_not_told():
    teller = BeatTeller()
    block = 1024 / 48000
    told = [teller.look(t, t // block * block * 2, 120.0) for t in np.arange(1.0, 20.0, 0.05)]
    assert sum(one is not None for one in told) == 1


def test_peaks_are_where_the_sound_is():
    samples = np.zeros((48000, 2), np.float32)
    samples[12000:12100, 1] = -0.5
    peaks = peaks_of(Loop("click", samples, Fraction(2), 120.0), columns=100)
    assert len(peaks.high) == len(peaks.rms) == 100
    assert [index for index, high in enumerate(peaks.high) if high] == [25]
    assert peaks.high[25] == 50
    assert 0 < peaks.rms[25] < 50


def test_peaks_of_the_shortest_loop_are_fewer_than_columns_at_most():
    peaks = peaks_of(Loop("short", np.ones((512, 1), np.float32), Fraction(1), 120.0), columns=1000)
    assert peaks.high == [100] * 512


def test_the_table_reaches_the_page_whole_and_as_json():
    rows = json.loads(write_frame("rows", table_rows()))[1]
    assert [row["address"] for row in rows] == [fader.address for fader in FADERS]
    level = next(row for row in rows if row["address"] == "/magnet/deck/N/level")
    assert (level["low"], level["high"], level["unit"]) == (-90, 12, "dB")
