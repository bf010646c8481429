"""The scripts of the device and of ``magnet~``, under node: against the real server and surface."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile

from daw_bridge.integrations.patches.making import INTEGRATIONS
from daw_bridge.server_process import free_port
from tests.daw_bridge.integrations.ableton.live_set import LiveSet
from tests.daw_bridge.integrations.ableton.rig import Live, live
from tests.daw_bridge.integrations.patches.max_script import (
    TO_NET,
    TO_PORT,
    TO_PROGRESS,
    MaxScript,
)
from tests.daw_bridge.servers import RunningServer

DEVICE = INTEGRATIONS / "ableton" / "device" / "MagnetBridgeDevice.js"
PLAYER = INTEGRATIONS / "max" / "javascript" / "magnet-player.js"
TO_BUFFER, TO_DECK, TO_ALL = 4, 5, 6
PATIENCE_SECONDS = 30.0


def listen_until(script: MaxScript, done: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not done():
        assert time.monotonic() < end, script.sent[-5:]
        script.listen()
        time.sleep(0.005)


def ready(script: MaxScript) -> list[list]:
    return script.all(TO_ALL, "ready")


def begin(script: MaxScript) -> None:
    script.say("begin")
    script.say("rate", 48000)
    script.say("tempo", 128.5)
    script.say("meter", 4, 4)


def test_magnet_generates_at_the_transports_tempo_and_loads_the_clip_into_a_buffer(
    tone_server: RunningServer,
) -> None:
    with MaxScript(PLAYER, tone_server.port) as max_script:
        begin(max_script)
        max_script.say("prompt", "lofi", "hip", "hop", 808)
        max_script.say("bars", 2)
        max_script.say("generate")
        listen_until(max_script, lambda: bool(ready(max_script)))
        ((which, word, path),) = max_script.all(TO_BUFFER)
        assert (which, word) == (0, "replace")
        assert soundfile.info(path).frames == round(8 * 60 / 128.5 * 48000)
        assert max_script.all(TO_PROGRESS)[-1] == [1]
        max_script.say("loaded", 0)
        assert max_script.all(TO_DECK) == [[0, "time", 8 * 480, "ticks"]]


def test_a_newer_clip_takes_over_where_the_loop_begins_again(tone_server: RunningServer) -> None:
    with MaxScript(PLAYER, tone_server.port) as max_script:
        begin(max_script)
        max_script.say("prompt", "bass")
        max_script.say("bars", 1)
        max_script.say("start")
        for n in (1, 2):
            max_script.say("generate")
            listen_until(max_script, lambda n=n: len(ready(max_script)) == n)
            assert max_script.say("wrapped", 0) == [[TO_ALL, "loop"]] * (n - 1)  # not loaded yet
            faded = max_script.say("loaded", n - 1)
        assert faded == [[TO_DECK, 1, "time", 1920, "ticks"]]
        assert max_script.say("wrapped", 1) == []
        assert max_script.say("wrapped", 0) == [
            [TO_ALL, "loop"],
            [TO_DECK, 0, "fade", 0, 5],
            [TO_DECK, 1, "fade", 1, 5],
        ]
        assert max_script.say("stop") == [[TO_DECK, 1, "fade", 0, 5]]
        assert max_script.say("start") == [[TO_DECK, 1, "fade", 1, 5]]


def test_vary_and_continue_start_from_the_newest_clip(tone_server: RunningServer) -> None:
    with MaxScript(PLAYER, tone_server.port) as max_script:
        begin(max_script)
        max_script.say("vary")
        assert "no clip yet" in max_script.state
        max_script.say("prompt", "bass")
        max_script.say("bars", 1)
        max_script.say("more", "temperature", 2, "loudness", -18)
        max_script.say("generate")
        listen_until(max_script, lambda: len(ready(max_script)) == 1)
        for n, verb in ((2, "vary"), (3, "continue")):
            max_script.say(verb)
            listen_until(max_script, lambda n=n: len(ready(max_script)) == n)
        first, second, third = (message[1] for message in ready(max_script))
        asked = {m[0]: m for m in max_script.all(TO_NET)}
        assert asked["/magnet/vary"][2:4] == ["clip", first]
        assert asked["/magnet/continue"][2:4] == ["clip", second]
        assert len({first, second, third}) == 3


def test_infill_loop_and_takes_start_from_the_newest_clip_or_the_one_that_is_named(
    tone_server: RunningServer,
) -> None:
    with MaxScript(PLAYER, tone_server.port) as max_script:
        begin(max_script)
        max_script.say("loop")
        assert "no clip yet" in max_script.state
        for word, *values in (("prompt", "bass"), ("bars", 1), ("takes", 2), ("generate",)):
            max_script.say(word, *values)
        listen_until(max_script, lambda: len(ready(max_script)) == 1)
        best, other = (take[3] for take in max_script.all(TO_ALL, "take"))
        max_script.say("take", 3)
        assert max_script.state == "there is no take 3 of 2"
        max_script.say("takes", 1)
        for n, words in ((2, ("take", 2)), (3, ("infill", 0, 2))):
            max_script.say(*words)
            listen_until(max_script, lambda n=n: len(ready(max_script)) == n)
        max_script.say("clip", best)
        max_script.say("loop")
        listen_until(max_script, lambda: len(ready(max_script)) == 4)
        asked = {m[0]: m for m in max_script.all(TO_NET)}
        assert asked["/magnet/clip/get"][2:] == ["clip", other, "rate", 48000]
        assert asked["/magnet/infill"][2:8] == ["clip", other, "from", 0, "to", 2]
        assert asked["/magnet/loop"][2:4] == ["clip", best]
        assert max_script.all(TO_BUFFER)[-1][2] == ready(max_script)[-1][2]


def test_a_wav_is_named_with_its_tempo(tone_server: RunningServer) -> None:
    with MaxScript(PLAYER, tone_server.port) as max_script:
        begin(max_script)
        for word, *values in (("prompt", "bass"), ("bars", 1), ("bpm", 96), ("generate",)):
            max_script.say(word, *values)
        listen_until(max_script, lambda: len(ready(max_script)) == 1)
        path = ready(max_script)[0][2]
        max_script.say("clip", path, 96)
        max_script.say("vary", 0.2)
        listen_until(max_script, lambda: len(ready(max_script)) == 2)
        (asked,) = max_script.all(TO_NET, "/magnet/vary")
        assert asked[1:7] == ["clip", path, "amount", 0.2, "bpm", 96]


def test_what_the_server_refuses_is_shown_in_its_own_words(tone_server: RunningServer) -> None:
    with MaxScript(PLAYER, tone_server.port) as max_script:
        begin(max_script)
        max_script.say("prompt", "bass")
        max_script.say("bpm", 5000)
        max_script.say("generate")
        listen_until(max_script, lambda: bool(max_script.all(TO_ALL, "failed")))
        assert "out of range" in max_script.state


def test_two_patches_have_ports_of_their_own(tone_server: RunningServer) -> None:
    with (
        MaxScript(PLAYER, tone_server.port) as one,
        MaxScript(PLAYER, tone_server.port) as two,
    ):
        for script, bars in ((one, 1), (two, 2)):
            begin(script)
            script.say("prompt", "bass")
            script.say("bars", bars)
            script.say("generate")
        for script, bars in ((one, 1), (two, 2)):
            listen_until(script, lambda script=script: bool(ready(script)))
            assert [message[4] for message in ready(script)] == [bars]


def test_where_nobody_answers_it_looks_for_another_port_and_says_what_to_do() -> None:
    with MaxScript(PLAYER, free_port()) as max_script:
        max_script.connected = False
        max_script.say("begin")
        max_script.wait(3500)
        ports = [message[1] for message in max_script.all(TO_PORT)]
        assert len(set(ports)) >= 3
        assert "start magnet-server" in max_script.state
        max_script.say("prompt", "bass")
        max_script.say("generate")
        assert max_script.state == "asked"
        max_script.wait(2000)
        assert "start magnet-server" in max_script.state


def press(device: MaxScript, host: Live, verb: str, n_landed: int) -> None:
    """Press a button and let Live run until its clip has landed."""
    device.say(verb)
    landed = f"landed in track Bass, slot {n_landed}"

    def done() -> bool:
        device.listen()
        return device.state == landed

    host.run_until(done)


def test_the_device_lands_clips_in_its_own_track_from_button_to_slot(
    tone_server: RunningServer, tmp_path: Path
) -> None:
    listen, live_set = free_port(), LiveSet()
    live_set._tempo = 97.25
    with (
        live(tmp_path, live_set, port=tone_server.port, listen=listen) as host,
        MaxScript(DEVICE, listen) as device,
    ):
        device.is_on("live_set tracks 1")
        device.say("rate", 44100)
        device.say("begin")
        device.say("prompt", "deep", "sub", "bass")
        for word, value in (("bars", "1"), ("seed", 7), ("temperature", 2.5), ("guidance", 0)):
            device.say(word, value)
        for n, verb in enumerate(("generate", "vary", "continue", "loop"), 1):
            live_set.view.detail_clip = live_set.tracks[1].clip_slots[n - 2].clip if n > 1 else None
            press(device, host, verb, n)
        slots = live_set.tracks[1].clip_slots
        assert [slot.has_clip for slot in slots] == [True, True, True, True]
        assert slots[0].clip.name == "deep sub bass · 1 bar · 97.25 BPM · seed 7"
        assert slots[0].clip.sample_rate == 44100
        assert device.all(TO_PROGRESS)[-1] == [1]


def test_what_went_wrong_is_read_on_the_device(tone_server: RunningServer, tmp_path: Path) -> None:
    listen, live_set = free_port(), LiveSet()
    live_set._tracks[1]._kind = "midi"
    with (
        live(tmp_path, live_set, port=tone_server.port, listen=listen) as host,
        MaxScript(DEVICE, listen) as device,
    ):
        device.say("begin")
        device.say("generate")
        assert device.state == "type what you want to hear"
        device.say("prompt", "bass")
        device.is_on("live_set return_tracks 0")
        device.say("generate")
        assert device.state == "put this device on an audio track"
        device.is_on("live_set tracks 1")
        device.say("generate")

        def told() -> bool:
            device.listen()
            return "no audio track" in device.state

        host.run_until(told)


def test_a_device_without_its_surface_says_where_to_switch_it_on() -> None:
    with MaxScript(DEVICE, free_port()) as device:
        device.connected = False
        device.say("begin")
        device.wait(3500)
        assert "Settings > Link, Tempo & MIDI" in device.state


@pytest.mark.parametrize("script", [DEVICE, PLAYER], ids=lambda path: path.name)
def test_the_scripts_are_in_the_language_that_maxs_js_object_speaks(script: Path) -> None:
    """It is an older JavaScript: ECMAScript 5."""
    text = script.read_text("utf-8")
    newer = ("=>", "let ", "const ", "`", "class ", "...", "async ", "import ", "require(")
    code = "\n".join(line.partition("//")[0] for line in text.splitlines())
    assert [word for word in newer if word in code] == []
