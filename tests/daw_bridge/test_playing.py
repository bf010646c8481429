"""Playing one clip: every sample of every round, and then silence."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from daw_bridge.audio.silent_output import SilentOutput
from daw_bridge.playing import play
from osc_server.contract.errors import DeviceUnavailable
from tests.daw_bridge.audio.sounds import noise

FADE = 240


class Tap:
    """Keeps what passes."""

    def __init__(self, source):
        self._source = source
        self.blocks = []

    def process(self, out, start):
        self._source.process(out, start)
        self.blocks.append(out.copy())


class TappedOutput(SilentOutput):
    """A silent output that remembers what would have been heard."""

    def start(self, source):
        self.tap = Tap(source)
        super().start(self.tap)


def test_two_rounds_are_heard_whole_and_then_nothing():
    output = TappedOutput(48000, 2, 480)
    loop = noise(1, beats=1, bpm=400)  # 150 ms
    asyncio.run(play(loop, output, rounds=2))
    heard = np.concatenate(output.tap.blocks)
    rounds = np.tile(loop.samples, (2, 1))
    assert np.array_equal(heard[: len(rounds) - FADE], rounds[:-FADE])
    assert not heard[len(rounds) :].any()


def test_a_device_that_fails_in_between_is_a_sentence():
    class Broken(SilentOutput):
        def start(self, source):
            super().start(self)

        def process(self, out, start):
            raise RuntimeError("no")

    with pytest.raises(DeviceUnavailable, match="failed"):
        asyncio.run(play(noise(1), Broken(), rounds=1))
