"""SuperCollider plays a live set's decks and starts from audio that it has itself recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile

from daw_bridge.server_process import free_port
from tests.daw_bridge.integrations.hosts import host
from tests.daw_bridge.integrations.listening import read_clip
from tests.daw_bridge.integrations.test_supercollider import headless, sclang
from tests.daw_bridge.programs import running
from tests.osc_server.servers import Wire
from tests.tools import JackServer, require_tool

pytestmark = [pytest.mark.jack, pytest.mark.supercollider]

BPM = 173.5

# One thing after the other; each says what came of it, as "<name> <what> …".
EVENING = r"""
(
var server = Server(\evening, NetAddr("127.0.0.1", "SCSYNTH_PORT".getenv.asInteger));
var port = "MAGNET_PORT".getenv.asInteger;
var clock = TempoClock(173.5 / 60);
var magnet = Magnet("127.0.0.1", port, server, clock);
var await = { |name, act|
    var done = false, until = thisThread.seconds + 40;
    act.value(
        { |info| "% ready % %".format(name, info[\bars], info[\path]).postln; done = true },
        { |code, text| "% error % %".format(name, code, text).postln; done = true });
    { done.not and: { thisThread.seconds < until } }.while { 0.05.wait };
    if(done.not) { "% nothing".format(name).postln }
};
var until = { |name, condition|
    var limit = thisThread.seconds + 30;
    { condition.value.not and: { thisThread.seconds < limit } }.while { 0.05.wait };
    "% %".format(name, condition.value).postln
};
server.options.numInputBusChannels = 0;
server.waitForBoot {
    var live, deck;
    await.("early", { |ready, error| magnet.vary(0.5, onReady: ready, onError: error) });
    await.("mixed", { |ready, error| magnet.generate(["drums", 0.7, "warm pad", 0.3], 1, nil, 5,
        (negative: "speech", preview: 1, takes: 2,
            onTake: { |take| "took % of %".format(take[\rank], take[\count]).postln },
            onPreview: { |info| "preview %".format(info[\buffer].numFrames).postln }),
        ready, nil, error) });
    await.("second", { |ready, error| magnet.take(2, ready, error) });
    await.("third", { |ready, error| magnet.take(3, ready, error) });
    magnet.play;
    until.("launched", { magnet.synth.notNil });
    0.5.wait;
    await.("captured", { |ready, error|
        magnet.capture(Bus(\audio, 0, 2, server), 2, ready, error)
    });
    await.("varied", { |ready, error|
        magnet.vary(0.4, "drums", seed: 3, onReady: ready, onError: error)
    });
    await.("varied again", { |ready, error| magnet.vary(onReady: ready, onError: error) });
    await.("continued", { |ready, error| magnet.continue(2, onReady: ready, onError: error) });
    await.("filled", { |ready, error|
        magnet.infill(0, 2, "fill", onReady: ready, onError: error)
    });
    await.("looped", { |ready, error| magnet.closeLoop(onReady: ready, onError: error) });
    await.("recalled", { |ready, error| magnet.get("FOREIGN".getenv, ready, error) });
    await.("filled elsewhere", { |ready, error|
        magnet.infill(0, 2, "fill", "FOREIGN".getenv, options: (preview: 1),
            onReady: ready, onError: error)
    });
    "rates % %".format(magnet.clip[\rate], magnet.buffer.sampleRate).postln;
    magnet.free;
    live = MagnetLive("127.0.0.1", port);
    live.onMessage = { |text| "told %".format(text).postln };
    deck = live.deck(2);
    until.("there", { live.isThere });
    live.bpm = 100; live.quantum = "beat";
    until.("quantum", { live.quantum == \beat and: { live.bpm == 100 } });
    deck.onChange = { |word, value| "change % %".format(word, value).postln };
    deck.level = -9; deck.solo = true;
    until.("level", { deck.level == -9 and: { deck.solo } });
    deck.generate("deep bass", 1);
    until.("takes", { deck.values[\takes] == 1 });
    deck.launch;
    until.("plays", { deck.state == \playing and: { deck.isLit(\launch) } });
    deck.vary(0.3);
    until.("two", { deck.values[\takes] == 2 });
    deck.continue; until.("three", { deck.values[\takes] == 3 });
    deck.infill(0, 2); until.("four", { deck.values[\takes] == 4 });
    deck.closeLoop; until.("five", { deck.values[\takes] == 5 });
    until.("arrived", { deck.values[\take] == 5 });
    deck.undo; until.("undone", { deck.values[\take] == 4 and: { deck.isLit(\redo) } });
    deck.redo; until.("redone", { deck.values[\take] == 5 });
    deck.keep; until.("kept", { deck.isLit(\keep) });
    deck.capture(1); 0.5.wait;
    deck.mute = true; until.("muted", { deck.mute });
    deck.stop; until.("stopped", { deck.state == \stopped });
    "same %".format(live.deck(2) === deck).postln;
    live.free; server.quit; 0.5.wait; "goodbye".postln; 0.exit
};
)
"""


@dataclass(frozen=True, slots=True)
class Evening:
    """What SuperCollider said, and what lies on the disk.

    Attributes:
        lines: what sclang posted.
        paths: where the clip or recording of each name lies.
        other: how another client's request ended that was made meanwhile.
    """

    lines: list[str]
    paths: dict[str, Path]
    other: str

    def sidecar(self, name: str) -> str:
        """What the server wrote of a clip."""
        return self.paths[name].with_suffix(".json").read_text()


@pytest.fixture(scope="module")
def evening(jack_server: JackServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evening]:
    require_tool("scsynth", package="supercollider-server")
    folder = tmp_path_factory.mktemp("supercollider making")
    port = free_port()
    flags = ["--port", str(port), "--model", "tone", "--clips", str(folder / "my clips")]
    ports = {"SCSYNTH_PORT": str(free_port()), "MAGNET_PORT": str(port)}
    command = sclang(folder, EVENING, "-u", str(free_port()))
    with (
        running("live", *flags, "--decks", "2", folder=folder) as bridge,
        Wire(port) as other,
    ):
        bridge.expect(r"server +tone")
        _, foreign = other.generate(2, "another host", "bars", 1, "bpm", BPM, "rate", 22050)
        ports["FOREIGN"] = str(foreign[1])
        with host(command, headless(jack_server, folder) | ports) as program:
            program.wait_for("^captured|^varied", timeout_seconds=120)
            other.send("generate", 1, "prompt", "another host", "bars", 1)
            answered = other.end_of(1)[0]
            program.wait_for("^goodbye", timeout_seconds=120)
            program.join()
            found = [line.split(" ready ") for line in program.lines if " ready " in line]
            paths = {name: Path(rest.partition(" ")[2]) for name, rest in found}
            yield Evening(list(program.lines), paths, answered)


def test_without_anything_to_start_from_it_says_what_to_do(evening: Evening) -> None:
    assert "early error bad_request There is no clip yet to start from" in "\n".join(evening.lines)


def test_several_prompts_and_what_is_not_wanted_arrive_whole(evening: Evening) -> None:
    said = json.loads(evening.sidecar("mixed"))
    words = json.dumps(said)
    assert "drums" in words
    assert "warm pad" in words
    assert "0.7" in words
    assert '"negative": "speech"' in words


def test_a_preview_is_as_long_as_its_clip_and_comes_before_it(evening: Evening) -> None:
    seen = [i for i, line in enumerate(evening.lines) if line.startswith("preview ")]
    assert len(seen) == 1
    assert seen[0] < next(i for i, x in enumerate(evening.lines) if x.startswith("mixed ready"))
    assert int(evening.lines[seen[0]].split()[1]) == len(read_clip(str(evening.paths["mixed"])))


def test_another_take_can_be_called_by_its_rank(evening: Evening) -> None:
    assert {"took 1 of 2", "took 2 of 2"} <= set(evening.lines)
    assert evening.paths["second"] != evening.paths["mixed"]
    assert "third error bad_request There is no take 3 of 2." in evening.lines


def test_a_capture_is_as_long_as_the_clock_says_and_holds_what_was_heard(
    evening: Evening, jack_server: JackServer
) -> None:
    captured = read_clip(str(evening.paths["captured"]))
    assert len(captured) == round(8 * 60 / BPM * jack_server.rate_hz)
    played = np.tile(read_clip(str(evening.paths["second"])), 3)
    near = [
        np.abs(captured[4000:40000] - played[4000 + shift : 40000 + shift]).max()
        for shift in range(-128, 129)
    ]
    assert min(near) < 1e-6  # the loop itself, begun within two control blocks of the beat
    assert not list(evening.paths["captured"].parent.glob("*.part"))


def test_what_is_made_from_a_capture_keeps_its_length_and_says_its_source(
    evening: Evening,
) -> None:
    assert evening.paths["captured"].name in evening.sidecar("varied")
    frames = {name: soundfile.info(path).frames for name, path in evening.paths.items()}
    names = ("captured", "varied", "varied again", "continued", "filled", "looped")
    assert len({frames[name] for name in names}) == 1
    for name, verb in (("continued", "continue"), ("filled", "infill"), ("looped", "loop")):
        assert verb in evening.sidecar(name)


def test_clips_of_another_rate_are_heard_at_the_sound_servers(
    evening: Evening, jack_server: JackServer
) -> None:
    for name in ("recalled", "filled elsewhere"):
        info = soundfile.info(evening.paths[name])
        assert info.samplerate == jack_server.rate_hz
        assert info.frames == round(4 * 60 / BPM * jack_server.rate_hz)
    assert f"rates {jack_server.rate_hz} {jack_server.rate_hz}.0" in evening.lines


def test_a_deck_is_played_and_tells_what_it_does(evening: Evening) -> None:
    steps = (
        *("there", "quantum", "level", "takes", "plays", "two", "three", "four", "five"),
        *("arrived", "undone", "redone", "kept", "muted", "stopped", "same"),
    )
    assert [step for step in steps if f"{step} true" not in evening.lines] == []


def test_what_a_deck_cannot_do_is_told(evening: Evening) -> None:
    assert any(line.startswith("told no input is open") for line in evening.lines)


def test_another_host_on_the_same_bridge_is_not_disturbed(evening: Evening) -> None:
    assert evening.other == "ready"


def test_nothing_went_wrong_in_either_half_of_supercollider(evening: Evening) -> None:
    wrong = ("ERROR", "FAILURE", "WARNING", "Exception", "late ")
    assert [line for line in evening.lines if any(word in line for word in wrong)] == []
