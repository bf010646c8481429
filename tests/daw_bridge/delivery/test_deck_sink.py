"""Clips onto a deck, on a clock turned by hand."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from daw_bridge.audio.deck import Deck
from daw_bridge.audio.offline_output import OfflineOutput
from daw_bridge.clock.internal_clock import InternalClock
from daw_bridge.delivery.deck_sink import DeckSink
from osc_server.contract.musical_time import Meter
from tests.daw_bridge.live.sets import clip as constant_clip

BAR = Fraction(4)


def clip(value=0.5, **how):
    return constant_clip(value, **how)


@pytest.fixture
def rig():
    output = OfflineOutput(48000, 2, 1024)
    clock = InternalClock(48000, 120.0, Meter(), output.heard_sample)
    deck = Deck(clock, 48000, 1024, 2)
    output.start(deck)
    return output, clock, deck, DeckSink(deck, clock, 48000, 2, BAR)


def test_the_first_clip_starts_at_once_where_nothing_has_been_heard_yet(rig):
    output, _, _, sink = rig
    assert sink.deliver(clip()) == "bar 1"
    assert (output.render(1000) == 0.5).all()


def test_a_clip_waits_for_the_next_bar(rig):
    output, _, _, sink = rig
    output.render(10_000)
    assert sink.deliver(clip()) == "bar 2"
    heard = output.render(100_000)[:, 0]
    bar = 96_000 - 10_000
    assert (heard[bar:] == 0.5).all()
    assert not heard[: bar - 240].any()


def test_a_clip_that_comes_just_before_the_bar_takes_the_next(rig):
    output, _, _, sink = rig
    output.render(96_000 - 2000)  # 42 ms before bar 2
    assert sink.deliver(clip()) == "bar 3"


def test_a_clip_can_be_held_back(rig):
    output, _, _, sink = rig
    output.render(10_000)
    assert sink.cue(sink.load(clip()), earliest=Fraction(13)) == 16


def test_the_clock_takes_the_tempo_of_the_clip_with_the_clip(rig):
    output, clock, _, sink = rig
    sink.deliver(clip())
    output.render(10_000)
    sink.deliver(clip(bpm=90.0))
    output.render(80_000)
    assert clock.bpm == 120
    output.render(20_000)
    assert clock.bpm == 90


def test_a_clip_replaced_before_its_bar_leaves_the_tempo_alone(rig):
    output, clock, deck, sink = rig
    sink.deliver(clip())
    output.render(10_000)
    sink.deliver(clip(bpm=90.0))
    sink.deliver(clip(bpm=120.0, value=0.25))
    output.render(200_000)
    assert clock.bpm == 120
    assert deck.playing.samples[0, 0] == np.float32(0.25)


def test_a_clip_at_another_rate_is_brought_to_the_decks(rig):
    *_, sink = rig
    other = replace(clip(), rate_hz=44100, streamed=np.full((88_200, 1), 0.5, np.float32))
    assert sink.load(other).n_samples == 96_000


def test_silence_can_be_cued(rig):
    output, _, deck, sink = rig
    sink.deliver(clip())
    output.render(10_000)
    sink.cue(None)
    assert not output.render(200_000)[100_000:].any()
    assert deck.playing is None
