"""The page while somebody else's MIDI clock leads, under JACK, with an ear on the sound."""

from __future__ import annotations

import re
import sys

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.daw_bridge.jack_ear import JackEar
from tests.daw_bridge.page.bridges import chromium, generate, in_state, opened, running_bridge
from tests.daw_bridge.test_live_clock import BLOCK, RATE_HZ, Timebase, jack_server, midi_clock

__all__ = ["chromium", "jack_server"]

pytestmark = [
    pytest.mark.jack,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="JACK with its dummy driver"),
]


def test_a_foreign_midi_clock_is_shown_followed_and_outlived(chromium, jack_server, tmp_path):
    flags = ("--host-api", "jack", "--block", str(BLOCK), "--bpm", "120", "--clock-in", "mclk")
    midi = jack_server.environment | {"MAGNET_MIDI_API": "jack"}
    with (
        JackEar(jack_server) as ear,
        running_bridge(tmp_path, *flags, env=midi) as bridge,
        opened(chromium, bridge.url) as page,
        opened(chromium, bridge.url) as other,
    ):
        tempo, leads = page.get_by_label("Tempo in BPM"), page.get_by_label("Who leads the clock")
        message = page.locator(".message")
        generate(page, 1, "drums")
        in_state(page, 1, "playing")
        ear.connect("PortAudio:out_0", "sound")
        with midi_clock(jack_server, ear) as sender:
            timebase = Timebase(ear.client, 125.0)
            ear.wait_for_connection("mclk_out", "magnet-bridge")
            ear.start_from_the_top()
            for one in (page, other):
                expect(one.get_by_label("Who leads the clock")).to_have_text("MIDI clock")
                expect(one.get_by_label("Tempo in BPM")).to_have_value(re.compile(r"^12[45]"))
            timebase.bpm = 131.0
            expect(tempo).to_have_value(re.compile(r"^13[01]"))

            tempo.fill("90")
            tempo.press("Enter")
            expect(message).to_contain_text("the tempo comes from MIDI clock: change it there")
            expect(tempo).to_have_value(re.compile(r"^13[01]"))
            expect(page.get_by_label("Tempo up")).to_have_attribute("aria-disabled", "true")
            page.get_by_label("Transport: stop").click(force=True)
            expect(message).to_contain_text("the transport comes from MIDI clock")

            ear.client.transport_stop()
            expect(leads).to_have_text("■ MIDI clock")
            in_state(page, 1, "stopped")
            ear.client.transport_start()
            expect(leads).to_have_text("MIDI clock")
            in_state(page, 1, "playing")

            ear.listen(4)  # two bars, after which the tempo is known well
            sender.kill()
            alone = re.compile(r"midi is silent: the clock goes on alone at 13(0\.9|1)")
            expect(message).to_contain_text(alone)
            for one in (page, other):
                expect(one.get_by_label("Who leads the clock")).to_have_text("internal clock")
                expect(one.get_by_label("Tempo in BPM")).to_have_value(re.compile(r"^13[01]"))
                in_state(one, 1, "playing")
            begins = ear.listen(2)
            heard = ear.sound[begins : begins + 2 * RATE_HZ]
            assert all(np.abs(part).max() > 0.01 for part in np.split(heard, 8))
