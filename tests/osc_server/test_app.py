"""The whole server: real sockets, a real worker process, the tone engine in place of the model."""

import json
import os
import pickle
import signal
from pathlib import Path

import numpy as np
import pytest
import soundfile

from osc_server.app import _opener
from osc_server.config import ServerConfig
from osc_server.jobs.worker import open_engine
from osc_server.library.clips import ClipStore
from tests.osc_server.engines import open_troubled
from tests.osc_server.servers import Wire, running_server


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with running_server(tmp_path_factory.mktemp("server"), open_troubled, queue_limit=3) as server:
        yield server


@pytest.fixture(params=["udp", "tcp"])
def wire(server, request):
    with Wire(server.port, request.param) as wire:
        yield wire


@pytest.fixture
def tcp(server):
    with Wire(server.port, "tcp") as wire:
        yield wire


def started(wire, request_id, *names):
    """Ask for a slow job and wait until it is being rendered."""
    wire.send("generate", request_id, "prompt", "slow", *names)
    wire.until("progress")


def test_a_request_becomes_a_clip_of_exactly_the_length_asked_for(server, wire):
    wire.send("generate", 7, "prompt", "dusty bass", "bars", 2, "bpm", 128.5, "rate", 44100,
              "channels", 2, "seed", 5)  # fmt: skip
    replies = wire.until("ready")
    accepted, *progress, (_, ready) = replies
    assert accepted[0] == "accepted"
    assert accepted[1][:2] == (7, 0)
    assert {address for address, _ in progress} == {"progress"}
    assert [args[2] for _, args in progress][-1] == 50
    _, clip, path, seconds, bars, bpm, measured, seam, lufs, seed, rate, rtf, *_ = ready
    info = soundfile.info(path)
    assert (info.frames, info.samplerate, info.channels) == (
        round(8 * 60 / 128.5 * 44100),
        44100,
        2,
    )
    assert (bars, bpm, seed, rate) == (2, 128.5, 5, 44100)
    assert seconds == pytest.approx(info.frames / 44100)
    assert measured == pytest.approx(128.5, rel=0.005)
    assert seam < 1.5
    assert rtf > 0
    assert ClipStore(server.config.clips).sidecar(clip).measured.lufs == pytest.approx(
        lufs, abs=0.01
    )


def ask(wire, request_id, clip, *names):
    """What ``ready`` says of a clip that is asked for again."""
    wire.send("clip/get", request_id, "clip", clip, *names)
    return wire.until("ready", "failed")[-1][1]


def test_streamed_audio_is_what_the_file_holds(tcp):
    tcp.send("generate", 1, "prompt", "bass", "bars", 1, "delivery", "stream")
    replies = tcp.until("ready")
    audio = b"".join(args[3] for address, args in replies if address == "audio")
    tcp.send("clip/get", 2, "clip", replies[-1][1][1])
    path = tcp.until("ready")[-1][1][2]
    samples = soundfile.read(path, dtype="float32")[0]
    assert np.array_equal(np.frombuffer(audio, "<f4"), samples)


@pytest.mark.parametrize("rate", [8000, 22050, 44101, 192000])
def test_a_clip_is_made_at_the_rate_of_its_host_whichever_that_is(tcp, rate):
    _, args = tcp.generate(1, "bass", "bars", 1, "bpm", 173.5, "rate", rate)
    info = soundfile.info(args[2])
    assert (info.samplerate, info.frames, args[10]) == (rate, round(240 / 173.5 * rate), rate)


@pytest.mark.parametrize("rate", [22050, 88200])
def test_a_clip_comes_again_at_another_rate_in_the_same_time_and_as_closed(tcp, rate):
    _, made = tcp.generate(1, "bass", "bars", 1, "bpm", 173.5, "rate", 48000)
    again = [ask(tcp, n, made[1], "rate", rate) for n in (2, 3)]
    assert again[0][2] == again[1][2] != made[2]
    info = soundfile.info(again[0][2])
    assert (info.samplerate, info.frames) == (rate, round(240 / 173.5 * rate))
    assert again[0][3:11] == (pytest.approx(info.frames / rate), *made[4:10], rate)
    there, back = (soundfile.read(path)[0] for path in (made[2], again[0][2]))
    spectra = [np.fft.rfft(audio, norm="forward") for audio in (there, back)]
    shared = min(map(len, spectra)) - 1
    assert np.abs(spectra[0][:shared] - spectra[1][:shared]).max() < 1e-5  # of a circle
    assert ask(tcp, 4, made[1])[2] == made[2]


def test_a_clip_at_another_rate_is_streamed_as_it_lies_on_the_disk(tcp):
    _, made = tcp.generate(1, "bass", "bars", 1)
    path = ask(tcp, 2, made[1], "rate", 22050)[2]
    tcp.send("clip/get", 3, "clip", made[1], "rate", 22050, "delivery", "stream")
    replies = tcp.until("ready")
    audio = b"".join(args[3] for address, args in replies if address == "audio")
    samples = soundfile.read(path, dtype="float32")[0]
    assert np.array_equal(np.frombuffer(audio, "<f4").reshape(samples.shape), samples)
    assert replies[-1][1][2] == ""


def test_a_clip_that_is_no_loop_keeps_its_beginning_and_end_at_another_rate(tcp):
    _, made = tcp.generate(1, "bass", "bars", 1, "loop", 0)
    _, again = soundfile.read(made[2]), soundfile.read(ask(tcp, 2, made[1], "rate", 24000)[2])
    ends = again[0][[0, -1]]
    assert np.abs(ends).max() < 1e-3
    assert len(again[0]) == 24000 * 2


def test_the_same_seed_makes_the_same_samples(tcp):
    paths = [tcp.generate(n, "bass", "bars", 1, "seed", 9)[1][2] for n in (1, 2)]
    first, second = (soundfile.read(path)[0] for path in paths)
    assert np.array_equal(first, second)


def test_a_clip_too_long_for_the_model_is_refused_at_once_with_the_longest_bars(tcp):
    address, args = tcp.generate(1, "bass", "bars", 64, "bpm", 120)
    assert (address, args[1]) == ("failed", "bad_request")
    assert "at most 15 bars at 120 bpm" in args[2]


def test_a_cancelled_job_stops_and_leaves_no_file(server, wire):
    files = set(os.listdir(server.config.clips))
    started(wire, "a")
    wire.send("cancel", "a")
    assert wire.end_of("a") == ("cancelled", ("a",))
    assert set(os.listdir(server.config.clips)) == files


def test_a_newer_job_replaces_the_waiting_one_of_its_lane_and_keeps_its_place(tcp):
    started(tcp, 1)
    tcp.send("generate", 2, "prompt", "bass", "bars", 1, "lane", "deck 1")
    tcp.send("generate", 3, "prompt", "pad", "bars", 1)
    tcp.send("generate", 4, "prompt", "lead", "bars", 1, "lane", "deck 1")
    tcp.send("cancel", 1)
    ends = [tcp.until("ready", "cancelled")[-1] for _ in range(4)]
    assert [(address, args[0]) for address, args in ends] == [
        ("cancelled", 2), ("cancelled", 1), ("ready", 4), ("ready", 3),
    ]  # fmt: skip


def test_two_clients_may_use_the_same_id_and_lane(server, tcp):
    with Wire(server.port, "tcp") as other:
        started(tcp, 1)
        tcp.send("generate", 2, "prompt", "bass", "bars", 1, "lane", "a")
        other.send("generate", 2, "prompt", "bass", "bars", 1, "lane", "a")
        tcp.send("cancel", 1)
        assert tcp.end_of(2)[0] == other.end_of(2)[0] == "ready"


def test_a_full_queue_says_so_and_a_client_that_leaves_frees_it(server, tcp):
    started(tcp, 1)
    with Wire(server.port, "tcp") as crowd:
        for number in range(4):
            crowd.send("generate", number, "prompt", "bass", "bars", 1)
        address, args = crowd.end_of(3)
        assert (address, args[1]) == ("failed", "busy")
        tcp.send("generate", 2, "prompt", "bass", "bars", 1)
        assert tcp.end_of(2)[1][1] == "busy"
    tcp.send("cancel", 1)
    assert tcp.end_of(1)[0] == "cancelled"
    assert tcp.generate(3, "bass", "bars", 1)[0] == "ready"


@pytest.mark.parametrize(
    ("prompt", "code", "sentence"),
    [
        ("no memory", "out_of_memory", "fewer bars"),
        ("bug", "generation_failed", "ZeroDivisionError"),
        ("nan", "generation_failed", "no sound"),
    ],
)
def test_a_job_that_breaks_fails_alone(server, tcp, prompt, code, sentence):
    worker = server.worker_pid
    address, args = tcp.generate(1, prompt)
    assert (address, args[1]) == ("failed", code)
    assert sentence in args[2]
    assert tcp.generate(1, "bass", "bars", 1)[0] == "ready"
    assert server.worker_pid == worker


def test_a_device_that_broke_gets_a_new_worker(server, tcp):
    worker = server.worker_pid
    assert tcp.generate(1, "broken device")[1][1] == "generation_failed"
    assert tcp.generate(2, "bass", "bars", 1)[0] == "ready"
    assert server.worker_pid != worker


def test_a_worker_that_is_killed_costs_its_job_and_no_other(server, tcp):
    started(tcp, 1)
    tcp.send("generate", 2, "prompt", "bass", "bars", 1)
    tcp.until("accepted")
    os.kill(server.worker_pid, signal.SIGKILL)
    address, args = tcp.end_of(1)
    assert (address, args[1]) == ("failed", "generation_failed")
    assert "SIGKILL" in args[2]
    assert tcp.end_of(2)[0] == "ready"


def test_a_worker_that_dies_while_idle_is_there_for_the_next_job(server, tcp):
    os.kill(server.worker_pid, signal.SIGKILL)
    assert tcp.generate(1, "bass", "bars", 1)[0] == "ready"


def test_models_come_and_go_while_the_server_serves(tcp):
    tcp.send("model/unload", 1)
    assert tcp.receive() == ("model/unloaded", (1,))
    tcp.send("status", 2)
    status = tcp.receive()[1]
    assert dict(zip(status[1::2], status[2::2], strict=True))["model"] == ""
    assert tcp.generate(3, "bass", "bars", 1)[0] == "ready"  # loads it again
    tcp.send("model/load", 4, "tone:0.0")
    assert tcp.receive() == ("model/loaded", (4, "tone"))
    tcp.send("model/list", 5)
    items = tcp.until("model/end")
    assert "embedded" in [args[1] for _, args in items[:-1]]
    tcp.send("model/load", 6, "tone")
    assert tcp.receive() == ("model/loaded", (6, "tone"))


@pytest.mark.parametrize(
    ("model", "code"), [("nonsense", "model_unavailable"), ("../../etc", "forbidden")]
)
def test_a_model_that_is_not_there_or_not_allowed_is_refused(tcp, model, code):
    tcp.send("model/load", 1, model)
    assert tcp.receive()[1][1] == code
    assert tcp.generate(2, "bass", "model", model)[1][1] == code


def test_a_presets_seed_is_for_the_first_clip_that_a_client_asks_of_it(server, tcp):
    server.config.presets.mkdir(exist_ok=True)
    (server.config.presets / "best.toml").write_text('prompt = "pad"\nbeats = 2\nseed = 7')
    seeds = []
    for number, options in enumerate([(), (), ("seed", 7)], 1):
        address, args = tcp.generate(number, "mine", "preset", "best", *options)
        assert address == "ready"
        seeds.append(json.loads(Path(args[2]).with_suffix(".json").read_text())["seed"])
    assert (seeds[0], seeds[2]) == (7, 7)
    assert seeds[1] != 7


def test_a_preset_is_read_when_it_is_asked_for(server, tcp):
    server.config.presets.mkdir(exist_ok=True)
    (server.config.presets / "half.toml").write_text('prompt = "half"\nbeats = 2\nbpm = 100')
    address, args = tcp.generate(1, "mine", "preset", "half")
    assert (address, args[3], args[5]) == ("ready", pytest.approx(1.2), 100)
    (server.config.presets / "half.toml").write_text('prompt = "half"\nbeets = 2')
    tcp.send("generate", 2, "preset", "half")
    assert "half.toml, line 2: unknown field 'beets'; did you mean beats?" in tcp.receive()[1][2]


def test_clips_are_listed_newest_first(tcp):
    made = [tcp.generate(n, prompt, "beats", 1)[1][1] for n, prompt in enumerate("zab")]
    tcp.send("clip/list", 9, "limit", 3)
    items = tcp.until("clip/end")
    assert [args[1] for _, args in items[:-1]] == made[::-1]
    assert items[-1] == ("clip/end", (9, 3))


def test_pd_may_send_everything_as_floats(tcp):
    tcp.send("generate", 1.0, "prompt", "bass", "bars", 1.0, "loop", 1.0, "rate", 48000.0)
    assert tcp.end_of(1)[0] == "ready"


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "int8"])
def test_the_precision_that_is_set_reaches_what_opens_models(precision):
    opener = _opener(ServerConfig(precision=precision), open_engine)
    assert pickle.loads(pickle.dumps(opener)).keywords == {"precision": precision}
