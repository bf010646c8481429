"""SuperCollider itself, headless: the class Magnet asks the real server and plays into JACK."""

from __future__ import annotations

import os
import re
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyloudnorm
import pytest

import daw_bridge.integrations
from daw_bridge.server_process import free_port
from osc_server.contract.packets import encode
from tests.daw_bridge.integrations.hosts import host, recording
from tests.daw_bridge.integrations.listening import (
    Channel,
    find,
    first_sound,
    largest_step,
    largest_step_of_loop,
    read_clip,
    samples_alike,
    seconds_between_clicks,
)
from tests.tools import JackServer, require_tool

pytestmark = [pytest.mark.jack, pytest.mark.supercollider]

FOLDER = Path(daw_bridge.integrations.__file__).parent / "supercollider"
FADE = 480  # samples in which a launch fades in, before its beat
BAR_SECONDS = 4 * 60 / 173.5

# Asks for four things; plays some passes of clip one, then clip two from the next bar on.
EVENING = r"""
(
var say = { |name| (
    onReady: { |clip| "% ready % %".format(name, clip[\seconds], clip[\path]).postln },
    onProgress: { |fraction| "% progress %".format(name, fraction).postln },
    onError: { |code, text| "% error % %".format(name, code, text).postln }
) };
var ask = { |magnet, name, prompt, bars, bpm, seed, options|
    var hear = say.(name);
    magnet.generate(prompt, bars, bpm, seed, options,
        hear[\onReady], hear[\onProgress], hear[\onError])
};
var clock = TempoClock(173.5 / 60);
var server = Server(\evening, NetAddr("127.0.0.1", "SCSYNTH_PORT".getenv.asInteger));
var magnet = Magnet("127.0.0.1", "MAGNET_PORT".getenv.asInteger, server, clock);
var lonely = Magnet("127.0.0.1", "NOBODY_PORT".getenv.asInteger, server, clock);
var until = { |condition| { condition.value }.doWhile { 0.05.wait } };
server.options.numInputBusChannels = 0;
server.waitForBoot {
    magnet.connect(nil, { "connected".postln }, say.("connect")[\onError]);
    ask.(magnet, "fast", "too fast", 4, 5000);
    ask.(lonely, "lonely", "hello?");
    ask.(magnet, "one", "lofi hip hop", 1, nil, 7, [\loudness, -20]);
    "quark %".format("QUARK".getenv.load[\name]).postln;
    "SCHELP".getenv.pathMatch.do { |path|
        "help % %".format(path.basename, SCDoc.parseFileFull(path).notNil).postln
    };
    [Magnet, MagnetLive, MagnetDeck].do { |class|
        var said = File.readAllString("SCHELP".getenv.dirname +/+ class.name ++ ".schelp");
        (class.methods ++ class.class.methods).collect(_.name).do { |name|
            name = name.asString;
            if(name.beginsWith("pr").not and: { name.endsWith("_").not }
                and: { #["init", "cmdPeriod", "doOnServerQuit"].includesEqual(name).not }
                and: { said.find("method:: " ++ name ++ "\n").isNil }) {
                "undocumented %:%".format(class, name).postln
            }
        }
    };
    "SNIPPETS".getenv.pathMatch.do { |path|
        "snippet %".format(thisProcess.interpreter.compileFile(path).notNil).postln
    };
};
OSCdef(\begin, {
    magnet.play;
    clock.sched(13, { ask.(magnet, "two", "harder", 1, 150, 8) });
    clock.sched(26, {
        magnet.stop;
        magnet.play;  // and stop again in the moment of the launch: it must not run away
        clock.schedAbs(clock.nextTimeOnGrid(4), { magnet.stop })
    });
    clock.sched(32, { "over".postln });
}, '/begin');
OSCdef(\end, { fork { magnet.free; server.quit; 0.5.wait; "goodbye".postln; 0.exit } }, '/end');
)
"""


@dataclass(frozen=True, slots=True)
class Evening:
    """What was said and heard while SuperCollider played.

    Attributes:
        lines: what sclang posted.
        heard: the left channel, as JACK heard it.
        one: the clip at 173.5 BPM; two: the clip at 150.
    """

    lines: list[str]
    heard: Channel
    one: Channel
    two: Channel


def headless(jack: JackServer, folder: Path) -> dict[str, str]:
    """An environment in which sclang needs no screen and leaves the user's own files alone."""
    runtime = folder / "runtime"
    runtime.mkdir(mode=0o700)
    return {
        **jack.environment,
        "HOME": str(folder),
        "XDG_RUNTIME_DIR": str(runtime),
        "QT_QPA_PLATFORM": "offscreen",
        "QTWEBENGINE_DISABLE_SANDBOX": "1",
        "SC_JACK_DEFAULT_OUTPUTS": "system",
    }


def sclang(folder: Path, script: str, *options: str) -> list[str]:
    """The command line that runs a script with our classes beside SuperCollider's own."""
    settings = folder / "sclang.yaml"
    settings.write_text(f"includePaths:\n    - {FOLDER}\nexcludePaths: []\n")
    (folder / "script.scd").write_text(script)
    program = require_tool("sclang", package="supercollider-language")
    return [program, *options, "-l", str(settings), str(folder / "script.scd")]


@pytest.fixture(scope="module")
def evening(
    jack_server: JackServer, server_port: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Evening]:
    require_tool("scsynth", package="supercollider-server")
    folder = tmp_path_factory.mktemp("supercollider")
    language_port = free_port()
    ports = {
        "SCSYNTH_PORT": str(free_port()),
        "MAGNET_PORT": str(server_port),
        "NOBODY_PORT": str(free_port()),
        "QUARK": str(FOLDER / "magnet-bridge.quark"),
        "SNIPPETS": str(folder / "snippet*.scd"),
        "SCHELP": str(FOLDER / "HelpSource" / "Classes" / "*.schelp"),
    }
    for number, snippet in enumerate(snippets()):
        (folder / f"snippet{number}.scd").write_text(snippet)
    command = sclang(folder, EVENING, "-u", str(language_port))
    with host(command, headless(jack_server, folder) | ports) as running:
        running.wait_for("^one (ready|error)")
        outputs = ["SuperCollider:out_1", "SuperCollider:out_2"]
        with recording(jack_server, outputs, folder / "heard.wav") as tape:
            send(language_port, "/begin")
            running.wait_for("^over")
            heard = tape.finish()
        send(language_port, "/end")
        running.wait_for("^goodbye")
        running.join()
        paths = [running.wait_for(rf"^{name} ready \S+ (.*)")[1] for name in ("one", "two")]
        assert np.array_equal(heard[:, 0], heard[:, 1])
        yield Evening(
            list(running.lines),
            np.ascontiguousarray(heard[:, 0]),
            *(read_clip(path) for path in paths),
        )


def snippets() -> list[str]:
    """All the code that a reader is given to run: the example, and the page in docs."""
    example = "\n".join(path.read_text() for path in sorted((FOLDER / "examples").glob("*.scd")))
    page = (Path(__file__).parents[3] / "docs" / "supercollider.md").read_text()
    blocks = re.findall(r"^\(\n.*?^\)$|^[~A-Z][^\n]*$", example, re.MULTILINE | re.DOTALL)
    return blocks + re.findall(r"```supercollider\n(.*?)```", page, re.DOTALL)


def send(port: int, address: str) -> None:
    """Send one OSC message without arguments to sclang."""
    with socket.socket(type=socket.SOCK_DGRAM) as wire:
        wire.sendto(encode(address), ("127.0.0.1", port))


@pytest.fixture(scope="module")
def start(evening: Evening) -> int:
    """The sample on which clip one's first beat was heard."""
    begin = first_sound(evening.heard)
    return find(evening.one, evening.heard, begin, begin + 2 * FADE)


@pytest.fixture(scope="module")
def change(evening: Evening, start: int) -> int:
    """The sample on which clip two's first beat was heard."""
    fading = start + samples_alike(evening.one, evening.heard, start)
    return find(evening.two, evening.heard, fading, fading + 2 * FADE)


def test_the_server_is_found(evening: Evening) -> None:
    assert "connected" in evening.lines


def test_a_bad_request_is_answered_with_a_sentence(evening: Evening) -> None:
    fast = [line for line in evening.lines if line.startswith("fast")]
    assert len(fast) == 1
    assert fast[0].startswith("fast error bad_request ")
    assert "5000" in fast[0]


def test_a_server_that_does_not_answer_is_reported(evening: Evening) -> None:
    lonely = [line for line in evening.lines if line.startswith("lonely")]
    assert len(lonely) == 1
    assert lonely[0].startswith("lonely error no_answer ")


def test_progress_rises_to_one(evening: Evening) -> None:
    fractions = [
        float(m[1]) for line in evening.lines if (m := re.match(r"one progress (.*)", line))
    ]
    assert len(fractions) > 1
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1


def test_the_clip_is_as_long_as_the_clock_says_at_the_sound_servers_rate(
    evening: Evening, jack_server: JackServer
) -> None:
    assert len(evening.one) == round(BAR_SECONDS * jack_server.rate_hz)


def test_the_loop_repeats_to_the_sample(evening: Evening, start: int, change: int) -> None:
    assert change - start > 2.5 * len(evening.one)
    assert samples_alike(evening.one, evening.heard, start) >= change - start - FADE


def test_the_clicks_come_at_the_asked_tempo(
    evening: Evening, start: int, change: int, jack_server: JackServer
) -> None:
    beats = seconds_between_clicks(evening.heard[start : change - FADE], jack_server.rate_hz)
    assert len(beats) >= 10
    assert beats == pytest.approx([60 / 173.5] * len(beats), abs=0.001)


def test_a_new_clip_takes_over_on_a_bar_of_the_clock(
    start: int, change: int, jack_server: JackServer
) -> None:
    bars = (change - start) / jack_server.rate_hz / BAR_SECONDS
    assert bars == pytest.approx(round(bars), abs=0.010 / BAR_SECONDS)


def test_the_change_is_a_fade(evening: Evening, change: int) -> None:
    near = FADE // 2  # the clicks of both first beats ring shortly before the beat
    fade = evening.heard[change - FADE - 10 : change - near]
    tails = max(largest_step(clip[-FADE:-near]) for clip in (evening.one, evening.two))
    assert largest_step(fade) < 1.5 * tails
    clicks = max(largest_step_of_loop(clip) for clip in (evening.one, evening.two))
    assert largest_step(evening.heard[change - near : change + FADE]) < 1.2 * clicks
    assert clicks > 3 * tails  # one would have been seen


def test_the_new_clip_is_whole_from_its_first_beat_on(evening: Evening, change: int) -> None:
    after = 128  # two control blocks: the old loop's fade begins and ends on the next one
    assert samples_alike(evening.two, evening.heard, change, skip=after) > len(evening.two)


def test_the_level_is_the_one_that_was_asked(
    evening: Evening, start: int, change: int, jack_server: JackServer
) -> None:
    both = np.stack([evening.heard[start : change - FADE]] * 2, axis=1)
    loudness = pyloudnorm.Meter(jack_server.rate_hz).integrated_loudness(both)
    assert loudness == pytest.approx(-20, abs=0.3)


def test_stop_ends_in_silence(evening: Evening) -> None:
    assert not np.any(evening.heard[-24000:])


def test_nothing_went_wrong_in_either_half_of_supercollider(evening: Evening) -> None:
    wrong = ("ERROR", "FAILURE", "WARNING", "Exception", "late ")
    assert [line for line in evening.lines if any(word in line for word in wrong)] == []


def test_the_quark_and_its_help_can_be_read(evening: Evening) -> None:
    assert "quark magnet-bridge" in evening.lines
    helped = {line for line in evening.lines if line.startswith("help ")}
    names = ("Magnet", "MagnetDeck", "MagnetLive")
    assert helped == {f"help {name}.schelp true" for name in names}
    assert not [line for line in evening.lines if line.startswith("undocumented")]


def test_the_quark_installs_from_its_folder_and_is_there_the_next_time(tmp_path: Path) -> None:
    quark = tmp_path / "magnet-bridge"
    shutil.copytree(FOLDER, quark)
    (tmp_path / "runtime").mkdir(mode=0o700)
    screenless = {"QT_QPA_PLATFORM": "offscreen", "QTWEBENGINE_DISABLE_SANDBOX": "1"}
    own = {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path / "runtime")}
    own |= {"XDG_CONFIG_HOME": str(tmp_path / "config"), "XDG_DATA_HOME": str(tmp_path / "data")}
    program = require_tool("sclang", package="supercollider-language")
    script = tmp_path / "script.scd"
    for said, code in (
        ("installed 0.1.0", f'Quarks.install("{quark}"); v = Quarks.installed[0].version'),
        (f"installed {quark}/classes/MagnetLive.sc", "v = MagnetDeck.filenameSymbol"),
    ):
        script.write_text(f'({code}; "installed %".format(v).postln; 0.exit)')
        environment = {**os.environ, **screenless, **own}
        with host([program, str(script)], environment, audio=False) as running:
            running.wait_for(f"^{re.escape(said)}$")
            running.join()


def test_every_example_compiles(evening: Evening) -> None:
    compiled = [line for line in evening.lines if line.startswith("snippet")]
    assert len(snippets()) > 10
    assert compiled == ["snippet true"] * len(snippets())
