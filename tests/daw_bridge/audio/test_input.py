"""What comes in: the ring, the stream that plays and listens, and which device is listened to."""

from __future__ import annotations

import gc
import threading
import time
import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest

from daw_bridge.audio import device_input, device_output, duplex_output, portaudio
from daw_bridge.audio.device_input import DeviceInput
from daw_bridge.audio.duplex_output import DuplexOutput
from daw_bridge.audio.input import InputSettings
from daw_bridge.audio.input_ring import InputRing
from daw_bridge.audio.offline_output import OfflineOutput
from daw_bridge.audio.output import OutputSettings
from daw_bridge.audio.portaudio import SoundDevice, choose_input, share_a_stream
from osc_server.contract.errors import DeviceUnavailable, Late

BLOCK = 256
RATE_HZ = 48000


def counting(start, count=BLOCK):
    """A block that holds the stream's own sample index, and its negative."""
    index = np.arange(start, start + count, dtype=np.float32)
    return np.stack([index, -index], axis=1)


def filled(n_blocks, n_ring=1000):
    ring = InputRing(n_ring, 1, BLOCK)
    for block in range(n_blocks):
        ring.take(counting(block * BLOCK), (0,), block * BLOCK)
    return ring


def test_the_ring_holds_what_came_last_by_its_own_index():
    ring = filled(20)
    assert ring.written == 20 * BLOCK
    samples = ring.read(ring.oldest, ring.written)[:, 0]
    assert np.array_equal(samples, np.arange(ring.oldest, ring.written))
    assert len(samples) == 1000 - BLOCK  # a block may be written at this instant


@pytest.mark.parametrize(("first", "end"), [(0, 100), (20 * BLOCK - 10, 20 * BLOCK + 1)])
def test_what_is_overwritten_or_not_here_yet_is_refused(first, end):
    with pytest.raises(Late):
        filled(20).read(first, end)


def test_chosen_channels_are_taken():
    ring = InputRing(1000, 2, BLOCK)
    ring.take(counting(0), (1, 0), 0)
    assert np.array_equal(ring.read(5, 6), [[-5.0, 5.0]])


def test_what_was_before_a_break_cannot_be_read():
    ring = filled(2)
    ring.take(counting(5 * BLOCK), (0,), 5 * BLOCK)
    assert (ring.oldest, ring.written) == (5 * BLOCK, 6 * BLOCK)
    ring.begin_anew()
    assert ring.oldest == ring.written


def test_a_block_that_is_longer_than_the_ring_leaves_its_end():
    ring = InputRing(1000, 1, BLOCK)
    ring.take(counting(0, 5000), (0,), 0)
    samples = ring.read(ring.oldest, ring.written)[:, 0]
    assert np.array_equal(samples, np.arange(ring.oldest, 5000))


def test_a_reader_beside_the_writer_gets_what_it_asked_for_or_is_told():
    ring, enough, read = InputRing(4096, 1, BLOCK), threading.Event(), []

    def write():
        # Until the reader has had its turns, however the machine shares them out between the two;
        # float32 counts no farther than 2**24.
        for block in range(2**24 // BLOCK):
            ring.take(counting(block * BLOCK), (0,), block * BLOCK)
            if enough.is_set():
                return
            time.sleep(0)

    thread = threading.Thread(target=write)
    thread.start()
    while thread.is_alive() and len(read) < 200:
        first, end = ring.oldest, ring.written
        try:
            samples = ring.read(first, end)[:, 0]
        except Late:
            continue
        read.append(np.array_equal(samples, np.arange(first, end, dtype=np.float32)))
    enough.set()
    thread.join()
    assert len(read) == 200
    assert all(read)


def test_taking_a_block_takes_no_audio_memory():
    ring, block = filled(20, 9999), counting(0)
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        for number in range(20, 220):
            ring.take(block, (0,), number * BLOCK)
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 512
    assert peak - before < 1024  # a block of one channel is 1024 bytes


CARD = SoundDevice(3, "Scarlett 4i4", "Core Audio", 4, 48000, False)
INPUTS = [
    SoundDevice(0, "Microphone", "Core Audio", 1, 44100, True),
    CARD,
    SoundDevice(7, "Microphone", "ASIO", 2, 48000, False),
]


def chosen(output=CARD, **settings):
    return choose_input(INPUTS, InputSettings(**settings), output)


def test_no_name_means_the_device_that_plays():
    assert chosen(channels=(3, 4)) is CARD


def test_a_name_is_looked_for_in_the_outputs_host_api_first():
    assert chosen(device="micro").index == 0
    assert chosen(SoundDevice(8, "ASIO4ALL", "ASIO", 2, 48000, False), device="micro").index == 7


@pytest.mark.parametrize(
    ("output", "settings", "sentence"),
    [
        (CARD, {"channels": (5,)}, "has 4 inputs"),
        (CARD, {"device": "Motu"}, "magnet-bridge devices"),
        (SoundDevice(9, "Speakers", "Core Audio", 2, 48000, True), {}, "has no inputs.*--input"),
    ],
)
def test_what_cannot_be_listened_to_is_said(output, settings, sentence):
    with pytest.raises(DeviceUnavailable, match=sentence):
        chosen(output, **settings)


def test_one_device_and_one_jack_server_are_one_stream():
    jack = [
        SoundDevice(n, f"program {n}", "JACK Audio Connection Kit", 2, 48000, False) for n in (1, 2)
    ]
    assert share_a_stream(jack[0], jack[1])
    assert share_a_stream(CARD, CARD)
    assert not share_a_stream(INPUTS[0], CARD)


def test_a_mono_microphone_has_one_channel_where_nothing_else_is_said():
    assert InputSettings().of(1) == (1,)
    assert InputSettings().of(8) == (1, 2)


class HandStream:
    """A stream whose callbacks are made by the test."""

    def __init__(self, callback, channels, **_):
        self.callback, self.channels, self.active, self.time = callback, channels, False, 0.0

    def start(self):
        self.active = True

    def abort(self):
        self.active = False

    def close(self):
        pass


@pytest.fixture
def hand(monkeypatch):
    """A PortAudio that has one device for both directions, and no thread of its own."""
    device = {
        "index": 0, "name": "Card", "hostapi": 0, "max_output_channels": 4,
        "max_input_channels": 4, "default_samplerate": 48000.0,
    }  # fmt: skip
    library = SimpleNamespace(
        query_hostapis=lambda: (
            {"name": "Hand", "default_output_device": 0, "default_input_device": 0},
        ),
        query_devices=lambda: [device],
        default=SimpleNamespace(device={"output": -1, "input": -1}),
        check_output_settings=lambda **_: None,
        check_input_settings=lambda **_: None,
        PortAudioError=OSError,
        Stream=HandStream,
        InputStream=HandStream,
    )
    for module in (portaudio, device_output, device_input):
        monkeypatch.setattr(module, "load_sounddevice", lambda: library)
    monkeypatch.setattr(duplex_output, "input_devices", portaudio.input_devices)
    return library


class Silence:
    def process(self, out, start):
        out.fill(0.0)


def call(stream, start, came_in, heard, overflow=False):
    indata = np.tile(counting(start), 2)
    times = SimpleNamespace(
        currentTime=came_in, inputBufferAdcTime=came_in, outputBufferDacTime=heard
    )
    flags = SimpleNamespace(output_underflow=False, input_overflow=overflow)
    out = () if isinstance(stream.channels, int) else (np.zeros((BLOCK, 4), np.float32),)
    stream.callback(indata, *out, BLOCK, times, flags)


@pytest.mark.parametrize(("latency_ms", "round_trip"), [(0.0, 480), (5.0, 720), (-10.0, 0)])
def test_one_stream_has_one_count_and_the_drivers_round_trip(hand, latency_ms, round_trip):
    listening = InputSettings(channels=(3,), latency_ms=latency_ms, ring_seconds=2)
    output = DuplexOutput(OutputSettings(block_size=BLOCK), listening)
    output.start(Silence())
    for block in range(9):
        seconds = block * BLOCK / RATE_HZ
        call(output._stream, block * BLOCK, seconds, seconds + 0.010)
    assert output.input.place_of(1000) == 1000 + round_trip
    assert np.array_equal(output.input.ring.read(700, 702)[:, 0], [700, 701])
    assert f"{round_trip / 48:.1f} ms behind" in output.input.description


def test_a_hole_is_remembered(hand):
    output = DuplexOutput(OutputSettings(block_size=BLOCK), InputSettings(ring_seconds=2))
    output.start(Silence())
    for block in range(4):
        call(output._stream, block * BLOCK, 1.0, 1.0, overflow=block == 2)
    ring = output.input.ring
    assert ring.has_hole(0, 4 * BLOCK)
    assert not ring.has_hole(3 * BLOCK, 4 * BLOCK)


def test_a_device_of_its_own_is_laid_under_the_output_by_both_times(hand):
    output = OfflineOutput(RATE_HZ, 2, BLOCK)
    (card,) = portaudio.input_devices()
    source = DeviceInput(card, InputSettings(ring_seconds=2), output, BLOCK)
    source.start()
    stream = source._stream
    # Its stream began a second before the output's, and its driver's clock reads 5 s more.
    for block in range(400):
        call(stream, block * BLOCK, 5.0 + block * BLOCK / RATE_HZ, 0.0)
        seconds = (block + 1) * BLOCK / RATE_HZ
        stream.time = 5.0 + seconds
        if seconds > 1.0:
            output.render(BLOCK)
            source.look(seconds)
    heard = output.heard_sample()
    assert source.place_of(heard) == pytest.approx(heard + RATE_HZ, abs=BLOCK)
    stream.active = False
    assert "has stopped" in source.fault
