"""Pure Data itself, headless: magnet~ asks the real server and plays into JACK."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyloudnorm
import pytest

import daw_bridge.integrations
from daw_bridge.server_process import free_port
from tests.daw_bridge.integrations.hosts import Host, host, recording
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

pytestmark = [pytest.mark.jack, pytest.mark.pd]

FOLDER = Path(daw_bridge.integrations.__file__).parent / "pd"
FADE = 240  # samples in which one loop fades into the next
RISE = 48  # samples in which a start fades in

# Three players: two that are heard, left and right, and one that calls where nobody answers.
PATCH = r"""#N canvas 0 0 600 400 12;
#X declare -path {folder};
#X obj 10 10 netreceive -u {commands};
#X obj 10 40 route first second lonely;
#X obj 10 100 magnet~ {server};
#X obj 200 100 magnet~ {server} 127.0.0.1;
#X obj 400 100 magnet~ {nobody};
#X obj 10 200 dac~;
#X obj 60 150 print first;
#X obj 260 150 print second;
#X obj 460 150 print lonely;
#X obj 10 300 loadbang;
#X msg 10 330 \; pd dsp 1;
#X obj 80 300 print up;
#X obj 60 180 print fraction;
#X connect 0 0 1 0;
#X connect 1 0 2 0;
#X connect 1 1 3 0;
#X connect 1 2 4 0;
#X connect 2 0 5 0;
#X connect 3 1 5 1;
#X connect 2 3 6 0;
#X connect 3 3 7 0;
#X connect 4 3 8 0;
#X connect 9 0 10 0;
#X connect 9 0 11 0;
#X connect 2 2 12 0;
"""


@dataclass(frozen=True, slots=True)
class Evening:
    """What was said and heard while Pd played.

    Attributes:
        lines: what Pd printed.
        left, right: the first and the second player, as JACK heard them.
        one: the first player's first clip, at 173.5 BPM; two: its second, at 150.
        other: the second player's clip, two bars at 173.5.
        path: where clip one lies; other_path: where the second player's lies.
    """

    lines: list[str]
    left: Channel
    right: Channel
    one: Channel
    two: Channel
    other: Channel
    path: Path
    other_path: Path


class Commands:
    """Sends Pd messages to the patch's netreceive."""

    def __init__(self, port: int) -> None:
        self._port = port

    def __call__(self, *messages: str) -> None:
        with socket.socket(type=socket.SOCK_DGRAM) as wire:
            for message in messages:
                wire.sendto(f"{message};\n".encode(), ("127.0.0.1", self._port))


@pytest.fixture(scope="module")
def evening(
    jack_server: JackServer, server_port: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Evening]:
    folder = tmp_path_factory.mktemp("pd")
    commands = free_port()
    patch = folder / "evening.pd"
    patch.write_text(
        PATCH.format(folder=FOLDER, commands=commands, server=server_port, nobody=free_port())
    )
    pd = [require_tool("pd", package="puredata-core"), "-nogui", "-stderr", "-nomidi"]
    audio = ["-jack", "-jackname", "pd", "-r", str(jack_server.rate_hz), "-channels", "2"]
    audio += ["-audiobuf", "100"]
    with host([*pd, *audio, "-open", str(patch)], jack_server.environment) as running:
        running.wait_for("^up: bang")
        with recording(jack_server, ["pd:output_1", "pd:output_2"], folder / "heard.wav") as tape:
            paths = play(running, Commands(commands))
            heard = tape.finish()
        yield Evening(
            list(running.lines),
            np.ascontiguousarray(heard[:, 0]),
            np.ascontiguousarray(heard[:, 1]),
            *(read_clip(path) for path in paths),
            Path(paths[0]),
            Path(paths[2]),
        )


def play(pd: Host, say: Commands) -> list[str]:
    """Run the evening; the paths of the clips one, two and the second player's."""
    ready = r"ready \d+ \S+ (.*\.wav)"
    say("first prompt too fast", "first bpm 5000", "first generate")
    pd.wait_for("^first: failed")
    say("second prompt deep bass", "second bars 2", "second bpm 173.5", "second generate")
    other = pd.wait_for(f"^second: {ready}")[1]
    say("first prompt lofi hip hop 808", "first bars 1", "first bpm 173.5", "first seed 7")
    say("first more temperature 2 loudness -20", "first generate")
    one = pd.wait_for(f"^first: {ready}")[1]
    say("first start", "second start")
    pd.wait_for("^first: loop", times=3)
    say("first bpm 150", "first seed 8", "first generate")
    two = pd.wait_for(f"^first: {ready}", times=2)[1]
    pd.wait_for("^first: loop", times=3, since=len(pd.lines))
    say("first stop", "second stop", "lonely generate")
    pd.wait_for("^lonely: failed")
    return [path.replace("\\ ", " ") for path in (one, two, other)]


@pytest.fixture(scope="module")
def start(evening: Evening) -> int:
    """The sample on which the first player began."""
    return first_sound(evening.left)


@pytest.fixture(scope="module")
def change(evening: Evening, start: int) -> int:
    """The sample on which its second clip began."""
    fading = start + samples_alike(evening.one, evening.left, start, skip=RISE)
    return find(evening.two, evening.left, fading, fading + 2 * FADE)


def test_a_bad_request_is_answered_with_a_sentence(evening: Evening) -> None:
    failed = [line for line in evening.lines if line.startswith("first: failed")]
    assert len(failed) == 1
    assert failed[0].startswith("first: failed 1 bad_request ")
    assert "5000" in failed[0]
    assert "400" in failed[0]


def test_a_server_that_does_not_answer_is_reported(evening: Evening) -> None:
    lonely = [line for line in evening.lines if line.startswith("lonely:")]
    assert len(lonely) == 1
    assert "no_answer" in lonely[0]
    assert "magnet-server" in lonely[0]


def test_progress_rises_to_one_for_each_clip(evening: Evening) -> None:
    fractions = [float(line.split()[1]) for line in evening.lines if line.startswith("fraction:")]
    begins = [i for i in range(1, len(fractions)) if fractions[i] < fractions[i - 1]]
    assert len(begins) == 1
    assert fractions[begins[0] - 1] == fractions[-1] == 1


def test_words_and_numbers_of_a_prompt_arrive_as_one_text(evening: Evening) -> None:
    assert "lofi hip hop 808" in evening.path.with_suffix(".json").read_text()


def test_a_drawn_seed_can_be_read_off_and_typed_again(evening: Evening) -> None:
    said = next(line for line in evening.lines if line.startswith("second: ready"))
    seed = said.partition(".wav ")[2].split()[6]
    assert seed.isdigit()
    assert re.search(rf'"seed": {seed}\b', evening.other_path.with_suffix(".json").read_text())


def test_pd_prints_no_error(evening: Evening) -> None:
    talk = ("first:", "second:", "lonely:", "fraction:", "up:")
    assert [line for line in evening.lines if line and not line.startswith(talk)] == []


def test_the_clip_is_as_long_as_asked_at_pds_own_rate(
    evening: Evening, jack_server: JackServer
) -> None:
    assert len(evening.one) == round(4 * 60 / 173.5 * jack_server.rate_hz)


def test_the_loop_repeats_to_the_sample(evening: Evening, start: int, change: int) -> None:
    period = len(evening.one)
    assert period % 64 != 0  # not by the luck of Pd's blocks
    assert change - start >= 3 * period
    assert (change - start) % period == 0
    alike = samples_alike(evening.one, evening.left, start, skip=RISE)
    assert alike >= change - start - FADE


def test_the_clicks_come_at_the_asked_tempo(
    evening: Evening, start: int, change: int, jack_server: JackServer
) -> None:
    beats = seconds_between_clicks(evening.left[start : change - FADE], jack_server.rate_hz)
    assert len(beats) >= 10
    assert beats == pytest.approx([60 / 173.5] * len(beats), abs=0.001)


def test_nothing_clicks_at_the_seam_nor_at_the_change(
    evening: Evening, start: int, change: int
) -> None:
    clips = max(largest_step_of_loop(evening.one), largest_step_of_loop(evening.two))
    assert largest_step(evening.left[start + 1 : change + len(evening.two)]) <= clips + 1e-6


def test_a_new_clip_takes_over_whole_at_the_end_of_a_pass(evening: Evening, change: int) -> None:
    assert samples_alike(evening.two, evening.left, change) >= 2 * len(evening.two)


def test_two_players_started_together_stay_together(
    evening: Evening, start: int, change: int
) -> None:
    assert len(evening.other) in range(2 * len(evening.one) - 1, 2 * len(evening.one) + 2)
    assert samples_alike(evening.other, evening.right, start, skip=RISE) >= change - start


def test_the_level_is_the_one_that_was_asked(
    evening: Evening, start: int, change: int, jack_server: JackServer
) -> None:
    both = np.stack([evening.left[start:change]] * 2, axis=1)  # the other channel is the same
    loudness = pyloudnorm.Meter(jack_server.rate_hz).integrated_loudness(both)
    assert loudness == pytest.approx(-20, abs=0.3)


def test_stop_ends_in_silence(evening: Evening) -> None:
    assert not np.any(evening.left[-24000:])
    assert not np.any(evening.right[-24000:])


@pytest.mark.parametrize("patch", sorted(FOLDER.glob("*.pd")), ids=lambda path: path.name)
def test_every_patch_opens_without_a_complaint(patch: Path, tmp_path: Path) -> None:
    pd = [require_tool("pd", package="puredata-core"), "-nogui", "-stderr", "-noaudio", "-nomidi"]
    ending = tmp_path / "ending.pd"
    ending.write_text(
        "#N canvas 0 0 300 200 12;\n#X obj 9 9 loadbang;\n#X msg 9 39 \\; pd quit;\n"
        "#X obj 9 70 print opened;\n#X connect 0 0 2 0;\n#X connect 0 0 1 0;\n"
    )
    with host([*pd, "-path", str(FOLDER), "-open", str(patch), "-open", str(ending)], {}) as opened:
        opened.join()
        opened.wait_for("opened: bang")
    assert opened.lines == ["opened: bang"]
