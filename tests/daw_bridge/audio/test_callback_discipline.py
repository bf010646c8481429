"""What the audio callback may not do, measured on the real deck, mixer and output."""

from __future__ import annotations

import gc
import threading
import tracemalloc
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from daw_bridge.audio.deck import Cue, Deck
from daw_bridge.audio.mixer import Mixer
from daw_bridge.audio.offline_output import OfflineOutput
from daw_bridge.clock.internal_clock import InternalClock
from osc_server.contract.errors import Busy, DeviceUnavailable
from osc_server.contract.musical_time import Meter
from tests.daw_bridge.audio.sounds import RATE_HZ, noise

BLOCK = 1024
BLOCK_BYTES = BLOCK * 2 * 4


def eight_decks():
    """A mixer over eight decks that all play, step (128.5 BPM), and move their level."""
    clock = InternalClock(RATE_HZ, 128.5, Meter(), lambda: 0)
    decks = [Deck(clock, RATE_HZ, BLOCK, 2) for _ in range(8)]
    for index, deck in enumerate(decks):
        deck.cue(Cue(noise(index, beats=1, bpm=128.5), Fraction(0), Fraction(4)))
    return Mixer(decks, RATE_HZ, BLOCK, 2), decks


def test_a_block_takes_no_audio_memory_and_keeps_none():
    mixer, decks = eight_decks()
    out = np.zeros((BLOCK, 2), np.float32)
    spare = [noise(100 + index, beats=1, bpm=128.5) for index in range(8)]
    for block in range(50):
        mixer.process(out, block * BLOCK)
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        for deck, loop in zip(decks, spare, strict=True):
            deck.cue(Cue(loop, Fraction(4), Fraction(4)))
            deck.set_level(-3.0)
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        for block in range(50, 250):  # 4.3 s: rounds, steps and change-overs among them
            mixer.process(out, block * BLOCK)
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        gc.enable()
    assert all(deck.playing is loop for deck, loop in zip(decks, spare, strict=True))
    # 200 blocks: what grew are the small records of 8 decks; what came and went is no audio.
    assert after - before < 4096
    assert peak - after < 3072


def test_a_flooded_mailbox_raises_nothing_in_the_callback():
    output = OfflineOutput(RATE_HZ, 2, BLOCK)
    clock = InternalClock(RATE_HZ, 120, Meter(), output.heard_sample)
    deck = Deck(clock, RATE_HZ, BLOCK, 2)
    output.start(Mixer([deck], RATE_HZ, BLOCK, 2))
    loops = [noise(index, beats=4) for index in range(3)]
    done = threading.Event()

    def flood():
        number = 0
        while not done.is_set():
            number += 1
            try:
                deck.cue(Cue(loops[number % 3], Fraction(number % 7), Fraction(1)))
                deck.set_level(-float(number % 30))
            except Busy:
                continue

    thread = threading.Thread(target=flood)
    thread.start()
    try:
        heard = output.render(RATE_HZ * 10)
    finally:
        done.set()
        thread.join()
    assert np.isfinite(heard).all()
    assert np.abs(heard[RATE_HZ * 5 :]).max() > 0


class Broken:
    """A source with a fault."""

    def process(self, out, start):
        out.fill(0.5)
        raise RuntimeError("a fault of the deck")


@pytest.fixture
def device_output(monkeypatch):
    """The real output over a PortAudio that has one device and no thread of its own."""
    from daw_bridge.audio import device_output

    portaudio = SimpleNamespace(
        query_hostapis=lambda: ({"name": "Hand", "default_output_device": 0},),
        query_devices=lambda: [
            {
                "index": 0,
                "name": "Eight outputs",
                "hostapi": 0,
                "max_output_channels": 8,
                "default_samplerate": 48000.0,
            }
        ],
        default=SimpleNamespace(device={"output": -1}),
        _terminate=lambda: None,
        _initialize=lambda: None,
        _exit_handler=lambda: None,
        check_output_settings=lambda **_: None,
        PortAudioError=OSError,
        OutputStream=HandStream,
    )
    monkeypatch.setattr(device_output, "load_sounddevice", lambda: portaudio)
    monkeypatch.setattr("daw_bridge.audio.portaudio.load_sounddevice", lambda: portaudio)

    def make(**settings):
        from daw_bridge.audio.output import OutputSettings

        return device_output.DeviceOutput(OutputSettings(**settings))

    return make


class HandStream:
    """A stream whose callbacks are made by the test."""

    def __init__(self, callback, channels, **_):
        self.callback = callback
        self.channels = channels
        self.active = False
        self.hangs = False
        self.time = 0.0

    def start(self):
        self.active = True

    def abort(self):
        self.active = False
        if self.hangs:
            threading.Event().wait()

    def close(self):
        pass

    def call(self, frames=BLOCK, underflow=False, dac=0.0):
        outdata = np.full((frames, self.channels), np.nan, np.float32)
        times = SimpleNamespace(currentTime=dac, outputBufferDacTime=dac)
        self.callback(outdata, frames, times, SimpleNamespace(output_underflow=underflow))
        return outdata


class Counting:
    """Writes the stream's own sample index."""

    def process(self, out, start):
        out[:] = np.arange(start, start + len(out), dtype=np.float32)[:, None]


def test_a_fault_of_the_deck_is_silence_and_a_sentence(device_output):
    output = device_output()
    output.start(Broken())
    assert not output._stream.call().any()
    assert "a fault of the deck" in output.fault


def test_underruns_are_counted_from_the_flags(device_output):
    output = device_output()
    output.start(Counting())
    for underflow in (False, True, False, True, True):
        output._stream.call(underflow=underflow)
    assert output.underruns == 3


def test_a_block_that_took_longer_than_it_lasts_is_counted_as_our_own(device_output):
    output = device_output()
    output.start(Counting())
    for seconds in (0.001, 0.020, 0.022, 0.001):
        output._stream.time = seconds
        output._stream.call(dac=0.0)
    assert output.late_blocks == 1  # 1024 samples last 21.3 ms


def test_sound_goes_to_the_chosen_outputs_only(device_output):
    output = device_output(channels=(3, 4))
    output.start(Counting())
    heard = output._stream.call(frames=4)
    assert np.array_equal(heard[:, 2], [0, 1, 2, 3])
    assert np.array_equal(heard[:, 3], [0, 1, 2, 3])
    assert not heard[:, :2].any()


def test_a_host_that_asks_for_more_than_a_block_gets_it_all(device_output):
    output = device_output(block_size=256)
    output.start(Counting())
    assert np.array_equal(output._stream.call(frames=1000)[:, 0], np.arange(1000))
    assert output._stream.call(frames=10)[0, 0] == 1000


def test_pairs_of_sample_and_seconds_are_published(device_output):
    output = device_output()
    output.start(Counting())
    output._stream.call(dac=10.0)
    output._stream.call(dac=10.0 + BLOCK / RATE_HZ)
    assert (output.published.sample, output.published.seconds) == (BLOCK, 10.0 + BLOCK / RATE_HZ)


def test_the_heard_sample_follows_the_stream_time(device_output):
    output = device_output()
    output.start(Counting())
    output._stream.call(dac=10.0)
    output._stream.call(dac=10.0 + BLOCK / RATE_HZ)
    output._stream.time = 10.0 + 1500.5 / RATE_HZ
    assert output.heard_sample() == 1500


def test_a_stopped_stream_is_a_sentence(device_output):
    output = device_output()
    output.start(Counting())
    output._stream.active = False
    assert "still plugged in" in output.fault


def test_a_device_that_comes_back_goes_on_where_it_stopped(device_output):
    output = device_output()
    output.start(Counting())
    output._stream.call()
    output._stream.active = False
    assert output.lost
    output.restart()
    assert not output.lost
    assert output._stream.call()[0, 0] == BLOCK


def test_a_device_that_is_not_back_yet_stays_lost(device_output, monkeypatch):
    output = device_output()
    output.start(Counting())
    output._stream.active = False
    monkeypatch.setattr("daw_bridge.audio.device_output.output_devices", list)
    with pytest.raises(DeviceUnavailable):
        output.restart()
    assert output.lost


def test_a_driver_that_hangs_does_not_hold_up_the_end(device_output, monkeypatch):
    monkeypatch.setattr("daw_bridge.audio.device_output._LOST_SECONDS", 0.05)
    output = device_output()
    output.start(Counting())
    output._stream.hangs = True
    output._stream.active = False
    with pytest.raises(DeviceUnavailable, match="start magnet-bridge again"):
        output.restart()
    output.stop()
    assert not output.lost


def test_a_device_that_plays_is_waited_for_until_it_has_stopped(device_output, monkeypatch):
    monkeypatch.setattr("daw_bridge.audio.device_output._LOST_SECONDS", 0.0)
    output = device_output()
    output.start(Counting())
    release, closed = threading.Event(), threading.Event()
    output._stream.abort = lambda: release.wait(30)  # a machine at work
    output._stream.close = closed.set
    stopping = threading.Thread(target=output.stop)
    stopping.start()
    stopping.join(0.1)
    assert stopping.is_alive()  # a program that ended now would be called back, and crash
    release.set()
    stopping.join(30)
    assert not stopping.is_alive()
    assert closed.is_set()
