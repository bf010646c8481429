"""The stand-in for a sound device."""

from __future__ import annotations

import threading

from daw_bridge.audio.silent_output import SilentOutput


class Waiting:
    """Says when it was asked for a number of blocks."""

    def __init__(self, n_blocks):
        self.starts = []
        self.enough = threading.Event()
        self._n_blocks = n_blocks

    def process(self, out, start):
        self.starts.append(start)
        if len(self.starts) >= self._n_blocks:
            self.enough.set()


def test_bars_pass_without_a_sound_device():
    output, source = SilentOutput(48000, 2, 480), Waiting(5)
    output.start(source)
    assert source.enough.wait(5)
    output.stop()
    assert source.starts[:5] == [0, 480, 960, 1440, 1920]


def test_it_goes_on_counting_where_it_stopped():
    output, source = SilentOutput(48000, 2, 480), Waiting(1)
    output.start(source)
    source.enough.wait(5)
    output.stop()
    stopped_at = output.heard_sample()
    again = Waiting(1)
    output.start(again)
    again.enough.wait(5)
    output.stop()
    assert again.starts[0] == stopped_at


def test_it_says_why_there_is_no_sound():
    assert SilentOutput(reason="no device").description == "no sound (no device)"
