"""The way out and back in again, measured through JACK, and then captured on the beat with it."""

from __future__ import annotations

import re
import sys
import threading
import time

import numpy as np
import pytest

from tests.daw_bridge.jack_delay import JackDelay
from tests.daw_bridge.programs import run
from tests.daw_bridge.test_jack_capture import capture, listening, the_loop
from tests.tools import require_package, require_portaudio, running_jack

pytestmark = [
    pytest.mark.jack,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="JACK with its dummy driver"),
]

RATE_HZ = 48000
PERIOD = 1024
DELAY = 3217
CIRCLE = DELAY + PERIOD
"""A circle costs JACK a block: what goes out in one comes back in with the next."""


@pytest.fixture(scope="module")
def jack_server(tmp_path_factory):
    require_portaudio()
    require_package("jack", package="JACK-Client")
    with running_jack(tmp_path_factory.mktemp("jack"), patient=True) as server:
        yield server


class Wiring(threading.Thread):
    """Keeps the bridge's first output, the delay and its first input in a circle."""

    def __init__(self, server):
        super().__init__()
        self._server, self._over = server, threading.Event()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exc):
        self._over.set()
        self.join()

    def run(self):
        while not self._over.wait(0.1):
            if "PortAudio:in_0" not in self._server.run("jack_lsp"):
                continue
            wires = self._server.run("jack_lsp", "-c", "PortAudio:in_0").split()[1:]
            for other in set(wires) - {"delay:out"}:
                self._do("jack_disconnect", other, "PortAudio:in_0")
            if "delay:out" not in wires:
                self._do("jack_connect", "PortAudio:out_0", "delay:in")
                self._do("jack_connect", "delay:out", "PortAudio:in_0")

    def _do(self, *command):
        try:
            self._server.run(*command)
        except Exception:  # noqa: BLE001 - the bridge came or went in between
            time.sleep(0.1)


def measure(jack_server, folder, *flags):
    return run(folder, "latency", "--host-api", "jack", *flags, **jack_server.environment)


def test_a_cable_of_known_length_is_measured_and_capture_is_then_exact(jack_server, tmp_path):
    with JackDelay(jack_server, DELAY):
        with Wiring(jack_server):
            code, said = measure(jack_server, tmp_path)
        assert code == 0, said
        assert "5 of 5 sweeps, within 0.00 ms" in said
        latency = re.search(r"use it: (--input-latency) ([\d.]+)", said)
        assert float(latency[2]) == pytest.approx(CIRCLE / RATE_HZ * 1000, abs=0.005)
        wire = "PortAudio:out_0", "delay:in"
        with listening(jack_server, tmp_path, "delay:out", *latency.groups()) as (_, surface):
            jack_server.run("jack_connect", *wire)
            time.sleep(9)  # two rounds of the loop
            captured = capture(surface, tmp_path)
    loop = the_loop(tmp_path)
    assert len(captured) == len(loop)
    middle = slice(480, -480)  # its seam is faded
    assert np.array_equal(captured[middle], loop[middle])


def test_a_cable_that_is_not_there_is_said_with_what_to_do(jack_server, tmp_path):
    with JackDelay(jack_server, DELAY, gain=0.0), Wiring(jack_server):
        code, said = measure(jack_server, tmp_path)
    assert code == 1
    assert "0 of 5 sweeps came back (heard: silence): connect the output with the input" in said


def test_a_device_that_is_not_there_is_named(jack_server, tmp_path):
    code, said = measure(jack_server, tmp_path, "--output", "moon")
    assert code == 1
    assert "moon" in said
