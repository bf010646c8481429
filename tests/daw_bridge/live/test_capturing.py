"""Bars of an input as takes of decks: to the sample, in their place, and what can go wrong."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from daw_bridge.audio.input_ring import InputRing
from daw_bridge.config import BridgeConfig
from daw_bridge.delivery.folder_sink import save_samples
from daw_bridge.live.capturing import Capturing
from daw_bridge.live.saving import Keeper, read_session, restore
from daw_bridge.session.capture import capture_controls, captures_folder
from tests.daw_bridge.live.sets import BAR, play

LATENCY = 1111
SEAM = 240
BEAT = BAR // 4


class Cable:
    """An input that somebody plays into: what is heard at sample s comes in LATENCY later."""

    description = "a cable"

    def __init__(self, sound, *, drift=0.0, ring_seconds=60):
        self.ring = InputRing(ring_seconds * 48000, 1, 4096)
        self.sound = sound
        self.fault = ""
        self.drift = drift
        self._come_in = 0

    def look(self, now_seconds):
        pass

    def place_of(self, sample):
        return round(sample * (1 + self.drift)) + LATENCY

    def come_in(self, heard_until):
        """All that is heard up to an output sample, as far as it is here already."""
        until = round(heard_until * (1 + self.drift))
        while self._come_in < until:
            count = min(4096, until - self._come_in)
            heard = np.arange(self._come_in, self._come_in + count) - LATENCY
            block = self.sound[np.maximum(heard, 0)] * (heard >= 0)
            self.ring.take(block[:, None].astype(np.float32), (0,), self._come_in)
            self._come_in += count


def noise(bars, seed=1):
    return np.random.default_rng(seed).normal(0, 0.1, round(bars * BAR)).astype(np.float32)


def connect(live, folder, cable):
    """Give a set an input; ``live.hear`` lets it come in."""
    number = iter(range(100))

    def save(name, samples):
        return save_samples(samples, 48000, folder / f"{name}_{next(number)}.wav")

    capturing = Capturing(live.live, cable, save)
    live.panel.add(capture_controls(capturing))
    hear = live.hear

    def hear_and_come_in(n_samples):
        blocks = []
        while n_samples > 0:
            count = min(n_samples, 1600)
            blocks.append(hear(count))
            if cable is not None:
                cable.come_in(live.output.heard_sample())
            capturing.look(0.0)
            n_samples -= count
        return np.concatenate(blocks)

    live.hear = hear_and_come_in
    live.capturing = capturing
    return live


async def captured(live, number=1):
    """Press, and let the take come; it may need some samples more."""
    deck = live.state.decks[number - 1]
    n_takes = len(deck.history.takes)
    live.send(f"deck/{number}/capture", 1)
    heard = [live.hear(1600)]  # what is heard last comes in a little later

    def there():
        return len(deck.history.takes) > n_takes or not live.capturing.is_busy(number)

    await live.until(there)
    return np.concatenate(heard)[:, number - 1]


def test_captured_bars_are_sample_for_sample_what_was_heard_on_their_beats(tmp_path):
    sound = noise(8)

    async def talk(live):
        connect(live, tmp_path, Cable(sound))
        live.send("deck/1/capture_bars", 2)
        live.hear(3 * BAR + 5000)
        await captured(live)
        take = live.state.deck.history.current
        return soundfile.read(take.path, dtype="float32")[0], take, live.ask("input/level")

    samples, take, level = play(talk)
    expected = sound[BAR : 3 * BAR]
    assert len(samples) == 2 * BAR
    assert np.array_equal(samples[:-SEAM], expected[:-SEAM])
    # Its end runs into what came before its beginning, so there is no step from end to start.
    assert abs(samples[-1] - sound[BAR - 1]) < 0.01
    assert (take.beats, take.bpm, take.is_captured) == (8, 120, True)
    assert take.path.name.startswith("deck-1_captured_2bars_120bpm")
    assert level == round(20 * np.log10(np.abs(sound[3 * BAR : 3 * BAR + 5000]).max()))


def test_a_captured_take_is_heard_on_the_next_beat_as_if_it_had_gone_on(tmp_path):
    sound = noise(8)

    async def talk(live):
        connect(live, tmp_path, Cable(sound))
        live.send("deck/1/capture_bars", 1)
        live.hear(2 * BAR + 2000)
        before = await captured(live)
        return before, live.hear(2 * BAR)[:, 0]

    before, heard = play(talk)
    assert not before.any()
    whole = np.concatenate([np.zeros(2000, np.float32), before, heard])  # from bar 3 on
    first = int(np.flatnonzero(whole)[0])
    bar = sound[BAR : 2 * BAR]
    # A press needs 30 ms, so the first beat that can be is the second of the bar.
    assert BEAT - SEAM <= first <= BEAT
    assert np.array_equal(whole[BEAT : BAR - SEAM], bar[BEAT:-SEAM])
    assert np.array_equal(whole[BAR : 2 * BAR - SEAM], bar[:-SEAM])


def test_a_press_just_before_the_bar_line_means_that_line(tmp_path):
    sound = noise(8)

    async def talk(live):
        connect(live, tmp_path, Cable(sound))
        live.send("deck/1/capture_bars", 1)
        live.hear(2 * BAR - 1000)
        live.send("deck/1/capture", 1)
        busy = live.ask("deck/1/capture")
        for _ in range(4):
            live.hear(1600)
        await live.until(lambda: live.state.deck.history.takes)
        return busy, soundfile.read(live.state.deck.history.current.path, dtype="float32")[0]

    busy, samples = play(talk)
    assert busy == 1
    assert np.array_equal(samples[:-SEAM], sound[BAR : 2 * BAR - SEAM])


def test_a_captured_take_is_held_recalled_saved_and_restored_as_any(tmp_path):
    async def talk(live):
        connect(live, tmp_path, Cable(noise(12)))
        live.send("deck/1/capture_bars", 1)
        await live.take(1, 0.5)
        live.hear(2 * BAR + 1000)
        live.send("deck/1/hold", 1)
        await captured(live)
        states = [(live.ask("deck/1/state"), live.ask("deck/1/next"), live.ask("deck/1/takes"))]
        live.send("deck/1/launch", 1)
        live.hear(2 * BAR)
        states.append((live.ask("deck/1/state"), live.ask("deck/1/next"), live.ask("deck/1/take")))
        Keeper(live.live, tmp_path / "session.json").save()
        live.hear(BAR - live.output.heard_sample() % BAR)
        return states, live.hear(BAR)

    async def again(live):
        restore(live.live, read_session(tmp_path / "session.json"))
        live.hear(BAR)
        return live.ask("deck/1/capture_bars"), live.hear(BAR)

    states, before = play(talk, 1)
    held = [("playing", "ready", 2), ("playing", "none", 2)]
    assert states == held
    n_bars, after = play(again, 1)
    assert n_bars == 1
    assert before.any()
    assert np.array_equal(after, before)


def test_bars_in_which_the_tempo_moved_are_stretched_to_the_tempo_that_holds(tmp_path):
    async def talk(live):
        connect(live, tmp_path, Cable(noise(12)))
        live.hear(2 * BAR)
        live.send("clock/bpm", 100)  # nothing sounds, so at once
        live.hear(2 * BAR)
        live.send("deck/1/capture_bars", 3)
        await captured(live)
        live.hear(BAR)
        take = live.state.deck.history.current
        return take.bpm, take.beats, live.rig.deck.playing

    bpm, beats, loop = play(talk)
    assert beats == 12
    assert 100 < bpm < 120
    assert (loop.bpm, loop.n_samples) == (100, 12 * 28_800)


def test_an_input_with_a_clock_of_its_own_is_fitted_to_the_bars(tmp_path):
    drift = 2e-4  # 200 parts in a million: two bad crystals
    time = np.arange(12 * BAR) / 48000
    sound = np.sin(2 * np.pi * 220 * time).astype(np.float32)
    cable = Cable(sound, drift=drift)
    # What is heard at output sample s lies at s * (1 + drift) of the input.
    cable.sound = np.sin(2 * np.pi * 220 * time / (1 + drift)).astype(np.float32)

    async def talk(live):
        connect(live, tmp_path, cable)
        live.send("deck/1/capture_bars", 4)
        live.hear(5 * BAR + 1000)
        await captured(live)
        return soundfile.read(live.state.deck.history.current.path, dtype="float32")[0]

    samples = play(talk)
    assert len(samples) == 4 * BAR
    error = np.abs(samples - sound[BAR : 5 * BAR])[1000:-1000].max()
    assert error < 0.03  # half a sample of rounding at 220 Hz; 77 samples if it were not fitted


@pytest.mark.parametrize(
    ("prepare", "sentence"),
    [
        (lambda live, cable: live.hear(BAR // 2), "only 0 bars came in"),
        (lambda live, cable: live.hear(2 * BAR), "only 2 bars came in so far"),
        (lambda live, cable: setattr(cable, "fault", "the input has stopped"), "has stopped"),
    ],
)
def test_a_press_that_cannot_be_is_a_sentence_and_changes_nothing(tmp_path, prepare, sentence):
    async def talk(live):
        cable = Cable(noise(8))
        connect(live, tmp_path, cable)
        prepare(live, cable)
        live.send("deck/1/capture", 1)
        return live.ear.heard[-1], live.state.deck.doing, list(tmp_path.iterdir())

    (address, text), doing, files = play(talk)
    assert address == "/magnet/error"
    assert sentence in text
    assert (doing, files) == ("empty", [])


def test_without_an_input_it_says_how_to_name_one(tmp_path):
    async def talk(live):
        connect(live, tmp_path, None)
        live.send("deck/1/capture", 1)
        return live.ear.heard[-1], live.ask("input/level")

    (_, text), level = play(talk)
    assert "--inputs 1,2" in text
    assert level == -90


@pytest.mark.parametrize(
    ("cable", "sentence"),
    [
        (Cable(np.zeros(8 * BAR, np.float32)), "it is silent"),
        (Cable(noise(8), ring_seconds=3), "--capture-seconds"),
    ],
)
def test_what_cannot_become_a_take_is_told_and_the_loop_plays_on(tmp_path, cable, sentence):
    async def talk(live):
        connect(live, tmp_path, cable)
        live.send("deck/1/capture_bars", 3)
        await live.take(1, 0.5)
        live.hear(4 * BAR + 1000)
        await captured(live)
        return live.ask("live/message"), live.ask("deck/1/takes"), live.hear(BAR)

    message, takes, heard = play(talk, 1)
    assert sentence in message
    assert takes == 1
    assert (heard == 0.5).all()
    assert list(tmp_path.iterdir()) == []


def test_an_input_that_stops_while_a_bar_is_awaited_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("daw_bridge.live.capturing._PATIENCE_SECONDS", 0.05)

    async def talk(live):
        connect(live, tmp_path, Cable(noise(8)))
        live.send("deck/1/capture_bars", 1)
        live.hear(2 * BAR)  # the bar was heard; its last 1111 samples are still on their way
        live.send("deck/1/capture", 1)
        await live.until(lambda: not live.capturing.is_busy(1))
        return live.state.message

    assert "nothing comes in any more" in play(talk)


@pytest.mark.parametrize(
    ("button", "kind"),
    [("vary", "Vary"), ("continue", "Continue"), ("infill", "Infill"), ("loop", "CloseLoop")],
)
def test_what_is_made_from_a_captured_take_names_its_file_tempo_and_meter(tmp_path, button, kind):
    async def talk(live):
        connect(live, tmp_path, Cable(noise(8)))
        live.send("deck/1/capture_bars", 1)
        live.send("deck/1/prompt", "dusty drums")
        live.hear(2 * BAR + 1000)
        await captured(live)
        live.send(f"deck/1/{button}", 1)
        await live.until(lambda: live.asked)
        return live.asked[-1], live.state.deck.history.current

    ask, take = play(talk)
    assert type(ask.start).__name__ == kind
    assert (ask.start.clip, ask.of_a_file) == (str(take.path), True)
    assert (ask.prompt, ask.bpm) == ("dusty drums", 120)


def test_a_server_on_another_computer_cannot_read_what_was_captured_here(tmp_path):
    async def talk(live):
        connect(live, tmp_path, Cable(noise(8)))
        live.live.conductors[0].maker.is_remote = True
        live.send("deck/1/capture_bars", 1)
        live.hear(2 * BAR + 1000)
        await captured(live)
        live.send("deck/1/vary", 1)
        return live.ear.heard[-1], live.hear(BAR)

    (_, text), heard = play(talk)
    assert "the server runs on another" in text
    assert heard.any()


def test_captures_lie_in_the_clips_folder_which_the_server_may_read(tmp_path):
    here = BridgeConfig(clips=tmp_path / "clips")
    assert captures_folder(here, "") == tmp_path / "clips" / "captures"
    assert captures_folder(here, str(tmp_path / "told")) == tmp_path / "told" / "captures"
    remote = BridgeConfig(clips=tmp_path / "clips", server="10.0.0.7:12100")
    assert captures_folder(remote, "/srv/clips") == tmp_path / "clips" / "captures"
    named = BridgeConfig(captures=tmp_path / "mine", clips=tmp_path / "clips")
    assert captures_folder(named, "") == tmp_path / "mine"
    assert str(tmp_path / "mine") in named.server_options()
