"""Pure Data starts from what it hears and from its clips, and plays the decks of a live set."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile

from daw_bridge.server_process import free_port
from tests.daw_bridge.integrations.hosts import Host, host
from tests.daw_bridge.integrations.test_pure_data import FOLDER, Commands
from tests.daw_bridge.programs import running
from tests.osc_server.servers import Wire
from tests.tools import require_tool

pytestmark = [pytest.mark.pd]

BPM, RATE_HZ = 173.5, 48000

# One player that hears 440 Hz, the second deck of two, and how a list box would show a text.
PATCH = r"""#N canvas 0 0 600 400 12;
#X declare -path {folder};
#X obj 10 10 netreceive -u {commands};
#X obj 10 40 route player live deck;
#X obj 10 100 magnet~ {port};
#X obj 100 100 magnet-live {port} 127.0.0.1;
#X obj 100 200 magnet-deck 2 {port};
#X obj 300 200 magnet-deck 1 {port};
#X obj 10 130 print player;
#X obj 100 420 print live;
#X obj 200 420 print deck;
#X obj 10 70 osc~ 440;
#X obj 400 10 loadbang;
#X msg 400 40 \; pd dsp 1;
#X obj 500 40 print up;
#X msg 400 70 symbol dusty\ breakbeat\,\ \ 808\ ;
#X obj 400 100 magnet-split;
#X obj 400 130 print words;
#X connect 0 0 1 0;
#X connect 1 0 2 0;
#X connect 1 1 3 0;
#X connect 1 2 4 0;
#X connect 2 3 6 0;
#X connect 3 0 7 0;
#X connect 4 0 8 0;
#X connect 9 0 2 1;
#X connect 10 0 11 0;
#X connect 10 0 12 0;
#X connect 10 0 13 0;
#X connect 13 0 14 0;
#X connect 14 0 15 0;
"""


@dataclass(frozen=True, slots=True)
class Evening:
    """What Pd said, and where its clips and recordings lie.

    Attributes:
        lines: what Pd printed.
        paths: of each step's clip or recording.
        other: what another client was answered meanwhile, and after Pd was gone.
        left: clips of the job in whose middle Pd vanished.
    """

    lines: list[str]
    paths: dict[str, Path]
    other: list[str]
    left: list[Path]

    def sidecar(self, step: str) -> str:
        """What the server wrote of a step's clip."""
        return self.paths[step].with_suffix(".json").read_text()


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evening]:
    folder = tmp_path_factory.mktemp("pd making")
    port, commands = free_port(), free_port()
    patch = folder / "evening.pd"
    patch.write_text(PATCH.format(folder=FOLDER, commands=commands, port=port))
    pd = [require_tool("pd", package="puredata-core"), "-nogui", "-stderr", "-nomidi", "-noaudio"]
    clips = folder / "my clips"
    flags = ["--port", str(port), "--model", "tone", "--clips", str(clips), "--decks", "2"]
    with running("live", *flags, folder=folder) as bridge, Wire(port) as other:
        bridge.expect(r"server +tone")
        with host([*pd, "-r", str(RATE_HZ), "-open", str(patch)], os.environ) as running_pd:
            running_pd.wait_for("^up: bang")
            say = Commands(commands)
            paths, heard = make(running_pd, say, other)
            play(running_pd, say)
            lines = list(running_pd.lines)
            say("player prompt orphan", "player generate")
            running_pd.wait_for("^player: accepted", since=len(lines))
        heard.append(other.generate(1, "after it")[0])
        yield Evening(lines, paths, heard, list(clips.glob("*orphan*.wav")))


def make(pd: Host, say: Commands, other: Wire) -> tuple[dict[str, Path], list[str]]:
    """All that magnet~ makes from clips and from what it hears; what the other client got."""
    paths = {}

    def step(name: str, *messages: str) -> None:
        since = len(pd.lines)
        say(*(f"player {message}" for message in messages))
        ended = pd.wait_for(r"^player: (?:ready \d+ \S+|recorded|failed .*) (.*\.wav)", since=since)
        paths[name] = Path(ended[1].replace("\\ ", " "))

    say("player vary")
    pd.wait_for("^player: failed 0")
    say("player bars 1", f"player bpm {BPM}", "player seed 5", "player negative speech")
    say("player takes 2", "player preview 1")
    other.send("generate", 1, "prompt", "another host", "bars", 1)
    step("mixed", "prompts dusty drums 0.7 prompt warm pad 0.3", "generate")
    heard = [other.end_of(1)[0]]
    step("second", "take 2")
    say("player take 3", "player takes 1", "player preview 0", "player negative")
    pd.wait_for("no.{1,3}such.{1,3}take")
    step("recorded", "record 2")
    step("varied", "prompt drums", "vary 0.3")
    step("continued", "continue")
    step("filled", "infill 0 2")
    step("looped", "loop")
    step("recorded again", "record")
    return paths, heard


def play(pd: Host, say: Commands) -> None:
    """A deck from its first take to silence."""

    def step(pattern: str, *messages: str) -> None:
        since = len(pd.lines)
        say(*messages)
        pd.wait_for(pattern, since=since)

    pd.wait_for("^deck: next none")
    step("^live: clock quantum beat", "live bpm 200", "live quantum beat")
    step("^deck: takes 1", "deck prompt deep bass 808", "deck bars 1", "deck generate")
    step("^deck: state playing", "deck launch")
    for number, verb in enumerate(("vary", "continue", "infill", "loop"), start=2):
        say("deck infill_from 0", "deck infill_to 2")
        step(f"^deck: takes {number}", f"deck {verb}")
    step("^deck: take 4", "deck undo")
    step("^deck: take 5", "deck redo")
    step("^deck: keep 1", "deck keep")
    step("^deck: level -9", "deck level -9")
    step("^deck: solo 1", "deck solo 1")
    step("^deck: mute 1", "deck mute 1")
    step("^live: error .*no.* input", "deck capture")
    step("^deck: state stopped", "deck stop")


def test_without_anything_to_start_from_it_says_what_to_do(evening: Evening) -> None:
    failed = next(line for line in evening.lines if line.startswith("player: failed"))
    assert "generate\\ or\\ record\\ first" in failed


def test_several_prompts_and_what_is_not_wanted_arrive_whole(evening: Evening) -> None:
    said = evening.sidecar("mixed")
    assert re.search(r'"dusty drums",?\s+(?:"weight": )?0\.7', said)
    assert re.search(r'"warm pad",?\s+(?:"weight": )?0\.3', said)
    assert '"negative": "speech"' in said
    assert '"negative": "speech"' not in evening.sidecar("varied")


def test_a_preview_comes_before_the_clip_and_takes_can_be_called(evening: Evening) -> None:
    kinds = [line.split()[1] for line in evening.lines if line.startswith("player: ")]
    assert kinds.index("preview") < kinds.index("take") < kinds.index("ready")
    assert evening.paths["second"] != evening.paths["mixed"]
    assert evening.sidecar("second") != evening.sidecar("mixed")


def test_notes_are_said_apart(evening: Evening) -> None:
    ready = [line for line in evening.lines if line.startswith("player: ready")]
    notes = [line for line in evening.lines if line.startswith("player: note ")]
    assert 0 < len(notes) <= len(ready)
    assert all(any(note.removeprefix("player: note ") in line for line in ready) for note in notes)


def test_a_recording_is_as_many_bars_as_asked_to_the_sample_and_whole(evening: Evening) -> None:
    samples, rate_hz = soundfile.read(evening.paths["recorded"], dtype="float64")
    assert rate_hz == RATE_HZ
    assert len(samples) == round(8 * 60 / BPM * RATE_HZ)
    left = samples[:, 0]
    assert not np.any(samples[:, 1])
    assert np.abs(left).max() > 0.9
    turned = (
        2 * np.cos(2 * np.pi * 440 / RATE_HZ) * left[1:-1]
    )  # what a sine's neighbours add up to
    assert np.abs(left[2:] + left[:-2] - turned).max() < 1e-4
    again = evening.paths["recorded again"]
    assert again != evening.paths["recorded"]
    assert soundfile.info(again).frames == round(4 * 60 / BPM * RATE_HZ)
    assert not list(again.parent.glob("*part*"))


def test_what_is_made_from_a_recording_keeps_its_length_and_says_its_source(
    evening: Evening,
) -> None:
    assert evening.paths["recorded"].name in evening.sidecar("varied")
    frames = {name: soundfile.info(path).frames for name, path in evening.paths.items()}
    assert frames["varied"] == frames["recorded"]
    assert frames["continued"] == frames["filled"] == frames["looped"] == frames["mixed"]
    for name, verb in (("continued", "continue"), ("filled", "infill"), ("looped", "loop")):
        assert verb in evening.sidecar(name)


def test_two_decks_share_one_connection_and_hear_only_themselves(evening: Evening) -> None:
    said = [line for line in evening.lines if line.startswith("deck: ")]
    assert "deck: prompt deep\\ bass\\ 808" in said
    assert "deck: bars 1" in said
    others = [line for line in evening.lines if line.startswith("live: deck 1 takes ")]
    assert set(others) == {"live: deck 1 takes 0"}


def test_a_text_becomes_the_words_that_a_list_box_shows(evening: Evening) -> None:
    assert "words: list dusty breakbeat\\, 808" in evening.lines


def test_another_host_on_the_same_bridge_is_not_disturbed(evening: Evening) -> None:
    assert evening.other == ["ready", "ready"]


def test_a_clip_whose_host_has_vanished_is_kept(evening: Evening) -> None:
    assert len(evening.left) == 1


def test_pd_prints_no_error(evening: Evening) -> None:
    talk = ("player: ", "live: ", "deck: ", "up: ", "words: ")
    strange = [line for line in evening.lines if line and not line.startswith(talk)]
    assert [line for line in strange if "biggest amplitude" not in line] == []
