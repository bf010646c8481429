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
from tests.daw_bridge.integrations.test_supercollider import FOLDER, headless, sclang
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
var ended = CondVar(), open = 0;
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
            onPreview: { |info| "preview % %".format(info[\buffer].numFrames, info[\path]).postln }),
        ready, nil, error) });
    await.("second", { |ready, error| magnet.take(2, ready, error) });
    await.("third", { |ready, error| magnet.take(3, ready, error) });
    magnet.play;
    until.("launched", { magnet.synth.notNil });
    0.5.wait;
    await.("captured", { |ready, error| magnet.capture(Bus(\audio, 0, 2, server), 2, ready, error) });
    await.("varied", { |ready, error| magnet.vary(0.4, "drums", seed: 3, onReady: ready, onError: error) });
    await.("varied again", { |ready, error| magnet.vary(onReady: ready, onError: error) });
    await.("continued", { |ready, error| magnet.continue(2, onReady: ready, onError: error) });
    await.("filled", { |ready, error| magnet.infill(0, 2, "fill", onReady: ready, onError: error) });
    await.("looped", { |ready, error| magnet.closeLoop(onReady: ready, onError: error) });
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
    """

    lines: list[str]
    paths: dict[str, Path]

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
        with host(command, headless(jack_server, folder) | ports) as program:
            program.wait_for("^captured|^varied", timeout_seconds=120)
            other.send("generate", 1, "prompt", "another host", "bars", 1)
            program.wait_for("^goodbye", timeout_seconds=120)
            program.join()
            found = [line.split(" ready ") for line in program.lines if " ready " in line]
            paths = {name: Path(rest.partition(" ")[2]) for name, rest in found}
            yield Evening(list(program.lines), paths)


def test_x(evening):
    print("\n".join(evening.lines[-150:]))
    print(evening.paths)
    assert 0
