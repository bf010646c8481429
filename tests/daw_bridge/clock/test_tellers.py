"""Several programs tell the time by OSC: one of them is followed, the others wait."""

from __future__ import annotations

import pytest

from osc_server.contract.errors import BadRequest, Busy
from osc_server.contract.musical_time import Meter
from tests.daw_bridge.clock.test_clock_words import spoken_to

A, B, HAND = "a socket", "another socket", "a surface"


class Song:
    """Somebody's song: it runs on while it is told, ten times a second."""

    def __init__(self, words, sender, bpm, *, begins=0.0, beat=0.0):
        self.words, self.sender, self.bpm = words, sender, bpm
        self.begins, self.first = begins, beat
        self.refusals = []

    def beat_at(self, seconds):
        return self.first + (seconds - self.begins) * self.bpm / 60

    def say(self, word, value, seconds):
        try:
            self.words.take(word, [value], seconds, self.sender)
        except Busy as refusal:
            self.refusals.append(str(refusal))

    def begin(self, name, seconds, meter="4/4", quantum="bar"):
        for word, value in (("name", name), ("bpm", self.bpm), ("meter", meter)):
            self.say(word, value, seconds)
        self.say("quantum", quantum, seconds)

    def tell(self, seconds):
        self.say("beat", self.beat_at(seconds), seconds)


def run(stage, seconds, *songs):
    """Let songs tell their beats ten times a second until then."""
    while stage.seconds < seconds:
        for song in songs:
            song.tell(stage.seconds)
        stage.run_to(stage.seconds + 0.1)
    return stage


def two_lives(a_bpm=120.0, b_bpm=90.0):
    stage, words = spoken_to()
    stage.run_to(1.0)
    a, b = Song(words, A, a_bpm, begins=1.0), Song(words, B, b_bpm, begins=1.0, beat=32.0)
    a.begin("Live: dub", stage.seconds)
    b.begin("Live: waltz", stage.seconds, meter="3/4", quantum="2 bars")
    return stage, words, a, b


def off_beats(stage, song):
    """How far the clock's song is from somebody's."""
    return abs(stage.song_beat - song.beat_at(stage.seconds))


def test_of_two_that_play_the_first_is_followed_and_the_other_hears_that_it_waits_once():
    stage, _, a, b = two_lives()
    run(stage, 3.0, a)
    run(stage, 8.0, a, b)
    assert (stage.clock.bpm, stage.clock.leader) == (120.0, "osc (Live: dub)")
    assert off_beats(stage, a) < 0.02
    assert a.refusals == []
    assert b.refusals == ["Live: dub tells the time here: you are followed when it stops or goes"]
    assert stage.said == ["Live: waltz tells the time too: it waits until Live: dub stops"]
    assert stage.clock.jumps <= 1  # onto the first one's beat, and never again


def test_when_the_first_stops_the_other_leads_at_once_with_its_tempo_meter_quantum_and_bars():
    stage, _, a, b = two_lives()
    run(stage, 3.0, a)
    run(stage, 6.0, a, b)
    a.say("stop", 1, stage.seconds)
    run(stage, 6.5, b)
    assert (stage.clock.bpm, stage.clock.leader) == (90.0, "osc (Live: waltz)")
    assert (stage.clock.meter, str(stage.quantum)) == (Meter(3, 4), "2 bars")
    run(stage, 9.0, b)
    assert off_beats(stage, b) < 0.02
    assert len(b.refusals) == 1


def test_one_that_comes_back_waits_until_the_other_has_finished():
    stage, words, a, b = two_lives()
    run(stage, 3.0, a)
    run(stage, 5.0, a, b)
    a.say("stop", 1, stage.seconds)
    run(stage, 6.0, b)
    a.say("play", 1, stage.seconds)
    run(stage, 8.0, b, a)
    assert words.teller == "Live: waltz"
    assert a.refusals == ["Live: waltz tells the time here: you are followed when it stops or goes"]
    b.say("stop", 1, stage.seconds)
    run(stage, 9.0, a)
    assert (words.teller, stage.clock.meter) == ("Live: dub", Meter(4, 4))


def test_one_that_vanishes_without_a_stop_is_followed_by_the_other_after_three_seconds():
    stage, words, a, b = two_lives()
    run(stage, 3.0, a)
    run(stage, 5.0, a, b)
    run(stage, 7.5, b)
    assert (words.teller, stage.clock.bpm) == ("Live: dub", 120.0)  # it may still come back
    run(stage, 8.5, b)
    assert (words.teller, stage.clock.bpm) == ("Live: waltz", 90.0)
    assert stage.clock.source == "osc"


def test_one_whose_connection_ends_is_followed_by_the_other_at_once():
    stage, words, a, b = two_lives()
    run(stage, 3.0, a)
    run(stage, 5.0, a, b)
    words.forget(A)
    run(stage, 5.2, b)
    assert (words.teller, stage.clock.bpm) == ("Live: waltz", 90.0)
    words.forget(B)
    run(stage, 5.4)
    assert (words.teller, stage.clock.source, stage.clock.bpm) == ("", "internal", 90.0)


def test_one_that_stands_is_heard_in_silence_while_the_other_plays():
    stage, _, a, b = two_lives()
    run(stage, 3.0, a)
    b.say("bpm", 77.0, stage.seconds)
    b.say("meter", "7/8", stage.seconds)
    b.say("position", 8.0, stage.seconds)
    run(stage, 5.0, a)
    assert (stage.clock.bpm, stage.clock.meter) == (120.0, Meter(4, 4))
    assert off_beats(stage, a) < 0.02
    assert (b.refusals, stage.said) == ([], [])
    a.say("stop", 1, stage.seconds)
    b.say("play", 1, stage.run_to(8.0).seconds)
    stage.run_to(10.0)
    assert (stage.clock.bpm, stage.clock.meter) == (77.0, Meter(7, 8))
    assert stage.song_beat == pytest.approx(8 + 2 * 77 / 60, abs=0.02)


def test_two_patches_without_names_are_told_apart_by_their_beats():
    stage, words = spoken_to()
    a, b = Song(words, A, 100.0), Song(words, B, 130.0, beat=7.3)
    run(stage, 3.0, a)
    run(stage, 8.0, a, b)
    assert stage.clock.bpm == pytest.approx(100, abs=0.1)
    assert b.refusals == [
        "another program tells the time here: you are followed when it stops or goes"
    ]
    a.say("stop", 1, stage.seconds)
    run(stage, 8.5, b)
    assert stage.clock.bpm == pytest.approx(130, abs=0.1)


def test_a_script_may_send_each_beat_from_another_socket():
    stage, words = spoken_to()
    for number in range(80):
        words.take("beat", [stage.seconds * 93 / 60], stage.seconds, f"socket {number}")
        stage.run_to(stage.seconds + 0.1)
    assert (stage.clock.source, round(stage.clock.bpm)) == ("osc", 93)
    words.take("stop", [], stage.seconds, "one more")
    assert stage.run_to(stage.seconds + 2).clock.source == "internal"


def test_a_patch_without_a_name_may_be_stopped_and_started_from_another_socket():
    stage, words = spoken_to()
    a = Song(words, A, 100.0)
    run(stage, 3.0, a)
    words.take("stop", [], stage.seconds, HAND)
    stage.run_to(3.5)
    assert not stage.clock.playing
    words.take("play", [], stage.seconds, HAND)
    stage.run_to(4.0)
    assert (stage.clock.playing, stage.clock.source) == (True, "osc")


def test_no_hand_sets_a_tempo_that_the_beats_of_a_patch_contradict():
    stage, words = spoken_to()
    a = Song(words, A, 100.0)
    run(stage, 3.0, a)
    with pytest.raises(BadRequest, match="the tempo comes from a program that sends its beats"):
        words.take("bpm", [140.0], stage.seconds, HAND)
    run(stage, 4.0, a)
    assert stage.clock.bpm == pytest.approx(100, abs=0.1)


@pytest.mark.parametrize(
    ("word", "value", "what"),
    [("bpm", 100.0, "tempo"), ("stop", 1, "transport"), ("play", 1, "transport")],
)
def test_a_hand_is_told_where_to_change_what_a_program_with_a_name_would_undo(word, value, what):
    stage, words, a, _ = two_lives()
    run(stage, 3.0, a)
    with pytest.raises(BadRequest, match=f"the {what} comes from Live: dub: change it there"):
        words.take(word, [value], stage.seconds, HAND)
    run(stage, 4.0, a)
    assert (stage.clock.bpm, stage.clock.playing) == (120.0, True)


def test_a_hand_may_set_meter_and_quantum_and_who_leads_leaves_them():
    stage, words, a, _ = two_lives()
    run(stage, 3.0, a)
    words.take("quantum", ["4 bars"], stage.seconds, HAND)
    a.say("stop", 1, stage.seconds)
    a.say("play", 1, stage.run_to(6.0).seconds)
    run(stage, 7.0, a)
    assert str(stage.quantum) == "4 bars"


def test_what_a_program_tells_moves_no_clock_that_follows_nobody():
    stage, words, a, _ = two_lives()
    words.take("source", ["internal"], stage.seconds)
    words.take("bpm", [101.0], stage.seconds, HAND)
    a.say("bpm", 140.0, stage.seconds)
    run(stage, 4.0, a)
    assert (stage.clock.source, stage.clock.bpm) == ("internal", 101.0)


def test_a_meter_that_is_none_is_refused_before_anybody_leads_by_it():
    stage, words, a, b = two_lives()
    run(stage, 3.0, a)
    with pytest.raises(BadRequest, match="3/4"):
        b.say("meter", "waltz", stage.seconds)
    a.say("stop", 1, stage.seconds)
    b.say("play", 1, stage.seconds)
    assert run(stage, 5.0, b).clock.meter == Meter(3, 4)
    assert words.teller == "Live: waltz"
