"""``magnet-bridge`` as a program: what it prints, what it leaves, how it ends."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import sys

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from daw_bridge import cli
from daw_bridge.client import MagnetClient
from daw_bridge.demo import as_osc_text
from daw_bridge.server_process import free_port
from osc_server.contract.errors import BadRequest
from tests.daw_bridge.programs import alive, descendants, run, running


@pytest.fixture
def on_server(tone_server):
    return ["--server", f"127.0.0.1:{tone_server.port}"]


def test_generate_makes_a_clip_and_says_what_it_is(tmp_path, on_server):
    out = tmp_path / "loop.wav"
    code, text = run(
        tmp_path, "generate", "dusty breakbeat", "--bars", "2", "--bpm", "128.5", "--seed", "7",
        "--rate", "44100", "--out", str(out), "--picture", str(tmp_path / "loop.png"), *on_server,
    )  # fmt: skip
    assert code == 0, text
    assert "seed      7" in text
    samples, rate_hz = soundfile.read(out)
    assert (len(samples), rate_hz) == (round(8 * 60 / 128.5 * 44100), 44100)
    assert (tmp_path / "loop.png").read_bytes().startswith(b"\x89PNG")


def test_generate_starts_a_server_for_itself_where_none_runs(tmp_path):
    code, text = run(
        tmp_path, "generate", "kick", "--bars", "1", "--model", "tone",
        "--clips", str(tmp_path / "clips"), "--port", str(free_port()),
    )  # fmt: skip
    assert code == 0, text
    (sidecar,) = (tmp_path / "clips").glob("*.json")
    assert json.loads(sidecar.read_text())["request"]["prompt"] == "kick"


@pytest.mark.parametrize(
    ("command", "options", "bars"),
    [
        ("continue", ["--bars", "1"], 1),
        ("infill", ["a fill", "--from", "2", "--to", "4"], 2),
        ("vary", ["--amount", "0.25", "--strategy", "random", "--takes", "2"], 2),
        ("loop", ["--preview"], 2),
    ],
)
def test_a_clip_is_made_from_another(tmp_path, on_server, tone_server, command, options, bars):
    with MagnetClient(port=tone_server.port) as magnet:
        clip = magnet.generate("kick", bars=2, bpm=240)
    out = tmp_path / "new.wav"
    source = str(clip.path) if command == "loop" else clip.id
    code, text = run(tmp_path, command, source, *options, "--out", str(out), *on_server)
    assert code == 0, text
    assert soundfile.info(out).frames == bars * 48000
    assert ("take 2" in text) == ("--takes" in options)
    assert ("coarse version" in text) == ("--preview" in options)


def test_a_file_of_ones_own_needs_no_more_than_its_path(tmp_path):
    beat = np.zeros(48000)
    beat[::12000] = 0.8
    soundfile.write(tmp_path / "my beat.wav", beat, 48000)
    code, text = run(
        tmp_path, "vary", "my beat.wav", "--bpm", "240", "--model", "tone",
        "--clips", str(tmp_path / "clips"), "--port", str(free_port()),
    )  # fmt: skip
    assert code == 0, text
    (sidecar,) = (tmp_path / "clips").glob("*.json")
    start = json.loads(sidecar.read_text())["request"]["start"]
    assert (start["how"], start["clip"]) == ("vary", str(tmp_path / "my beat.wav"))


def test_prompts_are_mixed(tmp_path, on_server, tone_server):
    code, text = run(
        tmp_path, "generate", "--mix", "dusty break 0.7", "--mix", "warm pad 0.3 from_bar 1",
        "--bars", "2", "--bpm", "240", "--hint", "2", "--negative", "hiss", *on_server,
    )  # fmt: skip
    assert code == 0, text
    with MagnetClient(port=tone_server.port) as magnet:
        newest = magnet.clips(limit=1)[0].clip
    request = json.loads((tone_server.clips / f"{newest}.json").read_text())["request"]
    assert [part["prompt"] for part in request["mix"]] == ["dusty break", "warm pad"]
    assert (request["mix"][1]["from_bar"], request["negative"]) == (1, "hiss")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["vary", "nothing.wav"], "no clip and no file"),
        (["vary", "c", "--amount", "2"], r"amount 2 is out of range: 0 to 1"),
        (["infill", "c", "--from", "8", "--to", "4"], "to must be greater than from"),
        (["generate", "kick", "--mix", "pad 0.3"], "one prompt, or several by --mix"),
        (["generate", "--mix", "pad", "--mix", "kick 1"], "needs its weight"),
        (["generate", "kick", "--takes", "9"], r"takes 9 is out of range: 1 to 8"),
    ],
)
def test_a_wrong_wish_ends_with_a_sentence(on_server, arguments, sentence):
    error = CliRunner().invoke(cli.app, [*arguments, *on_server]).exception
    assert isinstance(error, BadRequest)
    assert re.search(sentence, str(error))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["kick", "--bpm", "900"], "20 to 400"),
        (["kick", "--bars", "1", "--beats", "4"], "once"),
        (["kick", "--model", "no-such-model"], "no-such-model"),
        ([], "preset"),
        (["kick", "--bars", "1", "--out", "loop.mp3"], r"must end in \.wav"),
    ],
)
def test_a_mistake_ends_with_a_sentence_and_code_one(tmp_path, on_server, arguments, sentence):
    code, text = run(tmp_path, "generate", *arguments, *on_server)
    assert code == 1
    assert re.search(sentence, text)
    assert "Traceback" not in text


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks under /proc")
def test_ctrl_c_in_generate_ends_its_server_too(tmp_path):
    flags = ["--model", "tone:0.05", "--clips", str(tmp_path / "clips"), "--port", str(free_port())]
    with running("generate", "kick", *flags, folder=tmp_path) as program:
        while len(family := descendants(program.pid)) < 2:  # the server and its worker
            assert program.process.poll() is None
        os.kill(program.pid, signal.SIGINT)
        assert program.seconds_to_end() < 2.0
    assert program.process.returncode == 130
    assert not alive(family)


def test_presets_and_models_are_listed(tmp_path, on_server):
    code, text = run(tmp_path, "models", *on_server)
    assert (code, "embedded" in text) == (0, True)
    code, _ = run(tmp_path, "presets", *on_server)
    assert code == 0


def test_devices_are_listed_or_missed_in_words(tmp_path):
    code, text = run(tmp_path, "devices", JACK_NO_START_SERVER="1", JACK_DEFAULT_SERVER="none")
    assert code == 0
    assert "sound" in text
    assert "MIDI" in text


def test_the_doctor_fails_where_something_essential_does(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, text = run(
            tmp_path, "doctor", "--port", str(port), "--clips", str(tmp_path / "clips")
        )
    assert code == 1
    assert re.search(rf"FAILS +port {port} +another program holds it", text)
    assert re.search(r"ok +torch", text)
    assert re.search(r"ok +clips folder", text)


def test_live_offline_writes_a_file(tmp_path, on_server):
    out = tmp_path / "set.wav"
    code, text = run(
        tmp_path, "live", "pad", "--bars", "1", "--offline", str(out), "--seconds", "5", *on_server
    )
    assert code == 0, text
    heard, rate_hz = soundfile.read(out)
    assert len(heard) == 5 * rate_hz
    assert np.array_equal(heard[: 2 * rate_hz], heard[2 * rate_hz : 4 * rate_hz])


def test_the_demo_leaves_a_wav_and_a_picture(tmp_path):
    code, text = run(
        tmp_path, "demo", "--model", "tone", "--bars", "1", "--bpm", "240", "--seed", "3",
        JACK_NO_START_SERVER="1", JACK_DEFAULT_SERVER="none",
    )  # fmt: skip
    assert code == 0, text
    (wav,) = (tmp_path / "demo").glob("*.wav")
    (picture,) = (tmp_path / "demo").glob("*.png")
    assert soundfile.info(wav).frames == 48000
    assert picture.stem == wav.stem
    for fact in ("240 BPM", "LUFS", "RTF", "1.000 s", wav.name, "/magnet/generate 1 prompt"):
        assert fact in text


def test_the_demo_shows_the_message_that_a_daw_would_send():
    text = as_osc_text("warm pad", {"bars": 4, "bpm": 128.5, "seed": 7})
    assert text == "/magnet/generate 1 prompt 'warm pad' bars 4 bpm 128.5 seed 7"


@pytest.mark.parametrize(
    "command",
    [
        "generate", "continue", "infill", "vary", "loop", "live", "demo", "devices", "doctor",
        "presets", "models",
    ],
)  # fmt: skip
def test_every_command_explains_itself(command):
    result = CliRunner().invoke(cli.app, [command, "--help"])
    assert result.exit_code == 0
    assert command in result.output


def test_the_console_script_is_the_front_door():
    assert shutil.which("magnet-bridge", path=os.path.dirname(sys.executable))
