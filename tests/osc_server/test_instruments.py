"""Every instrument over the wire: real sockets, a real worker process, the tone engine."""

import time

import numpy as np
import pytest
import soundfile

from osc_server.contract.requests import Continue, Hint, Vary, WeightedPrompt
from osc_server.library.clips import ClipStore
from tests.osc_server.engines import open_troubled
from tests.osc_server.servers import Wire, running_server

RATE_HZ = 44100


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("server")
    (folder / "music").mkdir()
    with running_server(folder, open_troubled, audio_folders=[folder / "music"]) as server:
        yield server


@pytest.fixture(params=["udp", "tcp"])
def wire(server, request):
    with Wire(server.port, request.param) as wire:
        yield wire


@pytest.fixture
def tcp(server):
    with Wire(server.port, "tcp") as wire:
        yield wire


@pytest.fixture(scope="module")
def clip(server):
    """A clip of four bars at 240 BPM, four seconds: its id and path."""
    with Wire(server.port, "tcp") as wire:
        address, args = wire.generate(1, "bass", "bars", 4, "bpm", 240, "rate", RATE_HZ)
    assert address == "ready"
    return args[1], args[2]


@pytest.fixture
def music(server):
    """The folder of the musician's own audio."""
    return server.config.audio_folders[0]


@pytest.fixture
def beat(music):
    """A WAV that the server did not make: two bars of clicks at 120 BPM, 24 bit."""
    samples = np.zeros(4 * RATE_HZ)
    for at in range(0, len(samples), RATE_HZ // 2):
        samples[at : at + 400] = np.hanning(800)[400:] * 0.8
    path = music / "my beat.wav"
    soundfile.write(path, samples, RATE_HZ, subtype="PCM_24")
    return path


def ask(wire, verb, request_id, *args):
    wire.send(verb, request_id, *args)
    return wire.end_of(request_id)


def sidecar(server, ready):
    return ClipStore(server.config.clips).sidecar(ready[1])


def exact(path):
    return soundfile.read(path, dtype="int32", always_2d=True)[0]


@pytest.mark.parametrize("rate", [11025, 44101, 176400])
@pytest.mark.parametrize(
    ("verb", "names", "seconds"),
    [("vary", ("amount", 0.4), 4), ("continue", ("bars", 2), 2), ("loop", (), 4)],
)
def test_what_is_made_of_a_clip_has_the_rate_of_its_host(tcp, clip, verb, names, seconds, rate):
    address, args = ask(tcp, verb, 2, "clip", clip[0], *names, "rate", rate)
    assert address == "ready", args
    info = soundfile.info(args[2])
    assert (info.samplerate, info.frames) == (rate, seconds * rate)


def test_a_continuation_is_the_new_part_alone(server, wire, clip):
    address, ready = ask(wire, "continue", 1, "clip", clip[0], "bars", 2)
    assert (address, ready[3:6]) == ("ready", (2.0, 2.0, 240.0))
    assert soundfile.info(ready[2]).frames == 2 * RATE_HZ
    assert sidecar(server, ready).request.start == Continue(clip[0])


def test_an_infill_leaves_every_other_sample_as_it_was(wire, clip):
    address, ready = ask(wire, "infill", 1, "clip", clip[0], "from", 4, "to", 8, "prompt", "a fill")
    assert address == "ready"
    before, after = exact(clip[1]), exact(ready[2])
    begin, end = RATE_HZ, 2 * RATE_HZ
    assert np.array_equal(before[:begin], after[:begin])
    assert np.array_equal(before[end:], after[end:])
    assert not np.array_equal(before[begin:end], after[begin:end])


def test_a_variation_is_as_long_as_its_source(server, wire, clip):
    address, ready = ask(wire, "vary", 1, clip[0], "amount", 0.5, "strategy", "random")
    assert (address, soundfile.info(ready[2]).frames) == ("ready", 4 * RATE_HZ)
    assert sidecar(server, ready).request.start == Vary(clip[0], 0.5, "random")


def test_a_file_of_the_musician_becomes_a_loop(server, wire, beat):
    address, ready = ask(wire, "loop", 1, str(beat), "bpm", 120)
    assert (address, ready[4:6]) == ("ready", (2.0, 120.0))
    assert sidecar(server, ready).request.start.clip == str(beat)


def test_a_file_is_found_by_its_name_in_an_allowed_folder(server, tcp, beat):
    address, ready = ask(tcp, "vary", 1, "clip", beat.name, "bpm", 120)
    assert address == "ready"
    assert sidecar(server, ready).request.start.clip == str(beat)


def test_the_path_of_a_clip_means_the_clip(server, tcp, clip):
    address, ready = ask(tcp, "vary", 1, clip[1])
    assert address == "ready"
    assert sidecar(server, ready).request.start.clip == clip[0]


def test_a_link_to_the_clips_folder_means_its_clips_too(server, tcp, clip, music):
    link = music / "clips"
    if not link.exists():
        link.symlink_to(server.config.clips, target_is_directory=True)
    address, ready = ask(tcp, "vary", 1, str(link / f"{clip[0]}.wav"))
    assert address == "ready"
    assert sidecar(server, ready).request.start.clip == clip[0]


@pytest.mark.parametrize(
    "path",
    ["/etc/hostname", "../secret.wav", "../../../../etc/passwd", "{music}/way-out/secret.wav"],
)
def test_a_file_outside_the_allowed_folders_is_forbidden(tcp, music, path):
    (music.parent / "secret.wav").write_bytes(b"RIFF")
    if not (music / "way-out").is_symlink():
        (music / "way-out").symlink_to(music.parent, target_is_directory=True)
    address, args = ask(tcp, "vary", 1, "clip", path.format(music=music))
    assert (address, args[1]) == ("failed", "forbidden")
    assert "--audio-folders" in args[2]


@pytest.mark.parametrize(
    "name",
    ["nothing.wav", "", ".", "20200101-000000-nothing", "x" * 5000, "/".join("y" * 2500), "💥.wav"],
)
def test_a_clip_that_is_not_there_is_a_bad_request(tcp, name):
    address, args = ask(tcp, "continue", 1, "clip", name)
    assert (address, args[1]) == ("failed", "bad_request")
    assert "no clip and no file" in args[2]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"RIFF\xff\xff\xff\xffWAVEfmt ", "cannot be read"),
        (b"\0" * 4096, "cannot be read"),
    ],
)
def test_a_file_that_is_no_audio_fails_its_job_alone(server, tcp, music, clip, content, says):
    (music / "broken.wav").write_bytes(content)
    worker = server.worker_pid
    address, args = ask(tcp, "vary", 1, "clip", "broken.wav")
    assert (address, args[1]) == ("failed", "bad_request")
    assert says in args[2]
    assert ask(tcp, "vary", 2, clip[0])[0] == "ready"
    assert server.worker_pid == worker


@pytest.mark.parametrize("verb", ["continue", "vary", "loop"])
def test_silence_is_nothing_to_start_from(tcp, music, verb):
    soundfile.write(music / "silence.wav", np.zeros(2 * RATE_HZ), RATE_HZ)
    address, args = ask(tcp, verb, 1, "clip", "silence.wav", "bpm", 120)
    assert (address, args[1]) == ("failed", "bad_request")
    assert "silent" in args[2]


@pytest.fixture(scope="module")
def song(server):
    """A WAV of three minutes: clicks at 120 BPM, in 8 kHz to be quick."""
    samples = np.zeros(180 * 8000, np.float32)
    for at in range(0, len(samples), 4000):
        samples[at : at + 80] = 0.5
    path = server.config.audio_folders[0] / "song.wav"
    soundfile.write(path, samples, 8000)
    return path


def test_three_minutes_are_continued(tcp, song):
    address, ready = ask(tcp, "continue", 1, "clip", song.name, "bpm", 120, "bars", 1)
    assert (address, ready[3]) == ("ready", 2.0)


def test_a_bar_late_in_three_minutes_is_made_anew_and_the_rest_stays(tcp, song):
    address, ready = ask(
        tcp, "infill", 1, "clip", song.name, "bpm", 120, "from", 340, "to", 344, "prompt", "fill"
    )
    assert (address, ready[3]) == ("ready", 180.0)
    before, after = exact(song), exact(ready[2])
    assert np.array_equal(before[: 170 * 8000], after[: 170 * 8000])
    assert np.array_equal(before[172 * 8000 :], after[172 * 8000 :])
    assert not np.array_equal(before[170 * 8000 : 172 * 8000], after[170 * 8000 : 172 * 8000])


@pytest.mark.parametrize(
    ("verb", "args"), [("vary", ("amount", 0.5)), ("infill", ("from", 1, "to", 2)), ("loop", ())]
)
def test_96_khz_in_stereo_comes_back_as_it_went(tcp, music, verb, args):
    tone = np.sin(np.arange(2 * 96000) * 0.02) * 0.3
    tone[::48000] = 0.9
    path = music / "wide.wav"
    soundfile.write(path, np.stack([tone, tone[::-1]], axis=1), 96000, subtype="PCM_24")
    address, ready = ask(tcp, verb, 1, "clip", "wide.wav", "bpm", 120, *args)
    assert address == "ready", ready
    info = soundfile.info(ready[2])
    assert (info.samplerate, info.channels, info.frames) == (96000, 2, 2 * 96000)


def test_a_sidecar_is_no_audio(tcp, clip):
    assert ask(tcp, "vary", 1, "clip", f"{clip[0]}.json")[1][1] == "bad_request"


def test_takes_come_the_best_first_and_are_all_kept(server, wire):
    wire.send("generate", 1, "prompt", "bass", "bars", 1, "takes", 3, "seed", 5)
    replies = wire.until("ready", "failed")
    takes = [args for address, args in replies if address == "take"]
    ready = replies[-1][1]
    assert [args[1:3] for args in takes] == [(1, 3), (2, 3), (3, 3)]
    scores = [args[5] for args in takes]
    assert scores == sorted(scores, reverse=True)
    assert (ready[1], ready[2], ready[16]) == (takes[0][3], takes[0][4], 3)
    assert len({args[9] for args in takes}) == 3
    for rank, take in enumerate(takes, 1):
        address, again = ask(wire, "clip/get", 2, "clip", take[3])
        assert (address, again[2]) == ("ready", take[4])
        kept = sidecar(server, again)
        assert (kept.rank, kept.n_takes, kept.score) == (rank, 3, pytest.approx(take[5], abs=1e-6))


def test_one_take_is_told_by_ready_alone(tcp):
    tcp.send("generate", 1, "prompt", "bass", "bars", 1)
    assert "take" not in {address for address, _ in tcp.until("ready")}


def test_a_preview_comes_before_the_clip_and_is_as_long(wire):
    wire.send("generate", 1, "prompt", "bass", "bars", 2, "rate", RATE_HZ, "preview", 1)
    replies = wire.until("ready", "failed")
    told = [address for address, _ in replies]
    (preview,) = [args for address, args in replies if address == "preview"]
    assert told[0] == "accepted"
    assert told.index("preview") < told.index("ready")
    assert preview[2] == 1
    info, whole = soundfile.info(preview[1]), soundfile.info(replies[-1][1][2])
    assert (info.frames, info.samplerate) == (whole.frames, whole.samplerate)


def test_no_preview_comes_unless_it_is_asked_for(tcp):
    tcp.send("generate", 1, "prompt", "bass", "bars", 1)
    assert "preview" not in {address for address, _ in tcp.until("ready")}


def test_a_preview_is_streamed_with_the_clip(tcp):
    tcp.send("generate", 1, "prompt", "bass", "bars", 1, "channels", 2, "preview", 1,
             "delivery", "stream")  # fmt: skip
    replies = tcp.until("ready", "failed")
    told = [address for address, _ in replies if address != "progress"]
    assert told[0] == "accepted"
    assert told[told.index("preview") - 1] == "preview/audio"
    chunks = [args for address, args in replies if address == "preview/audio"]
    coarse = b"".join(args[5] for args in chunks)
    whole = b"".join(args[3] for address, args in replies if address == "audio")
    assert {args[3:5] for args in chunks} == {(48000, 2)}
    assert len(coarse) == len(whole)


def test_all_the_new_names_reach_the_clip(server, tcp):
    address, ready = ask(
        tcp, "generate", 1, "prompt", "dusty break", 0.7, "prompt", "warm", "pad", 0.3,
        "from_bar", 1, "negative", "hiss", "hint", 2, "rescore", 0.5, "companion", "tone",
        "bars", 2,
    )  # fmt: skip
    assert address == "ready", ready
    assert sidecar(server, ready).companion == "tone"
    request = sidecar(server, ready).request
    assert request.mix == (
        WeightedPrompt("dusty break", 0.7), WeightedPrompt("warm pad", 0.3, from_bar=1.0)
    )  # fmt: skip
    assert (request.negative, request.hint, request.rescore) == ("hiss", Hint(beats=2.0), 0.5)
    assert request.companion == "tone"


@pytest.mark.parametrize("why", [("rescore", 0.5), ("hint", 2)])
def test_a_companion_that_does_not_fit_is_refused_where_it_is_needed(tcp, why):
    asked = ("companion", "musicgen-large", "prompt", "bass", "bars", 1)
    address, reply = ask(tcp, "generate", 1, *asked, *why)
    assert (address, reply[1]) == ("failed", "model_unavailable")
    assert "musicgen-large" in reply[2]
    assert ask(tcp, "generate", 2, *asked)[0] == "ready"


@pytest.mark.parametrize(
    ("verb", "args"),
    [
        ("infill", ("from", 12, "to", 20)),
        ("infill", ("from", 40, "to", 44)),
        ("infill", ("from", 8, "to", 8)),
        ("vary", ("hint", 64)),
        ("vary", ("amount", 2)),
        ("vary", ("amount", -0.1)),
    ],
)
def test_what_does_not_fit_the_clip_is_a_bad_request(tcp, clip, verb, args):
    address, reply = ask(tcp, verb, 1, "clip", clip[0], *args)
    assert (address, reply[1]) == ("failed", "bad_request")


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("hint_seconds", 31), "longer than the"),
        (("hint", 16), "leaves nothing"),
        (("hint", 4, "hint_seconds", 2), "give the hint once"),
    ],
)
def test_a_hint_that_does_not_fit_is_a_bad_request(tcp, args, says):
    address, reply = tcp.generate(1, "bass", "bars", 4, *args)
    assert (address, reply[1]) == ("failed", "bad_request")
    assert says in reply[2]


def test_a_job_whose_deadline_passes_in_the_queue_is_told_at_once(server):
    with Wire(server.port, "tcp") as wire:
        wire.send("generate", 1, "prompt", "slow", "steps", 400)
        wire.until("progress")
        wire.send("generate", 2, "prompt", "bass", "bars", 1, "deadline", 50)
        address, args = wire.end_of(2)  # while the first, of 8 s, goes on
        wire.send("cancel", 1)
        assert wire.end_of(1)[0] == "cancelled"
    assert (address, args[1]) == ("failed", "late")
    assert "50 ms" in args[2]


def test_a_deadline_is_kept_by_leaving_out_steps(tcp):
    assert tcp.generate(1, "slow", "bars", 1, "steps", 20)[0] == "ready"  # finishing is measured
    began = time.monotonic()
    address, ready = tcp.generate(2, "slow", "bars", 1, "steps", 200, "deadline", 1500)
    took = time.monotonic() - began
    assert (address, took < 2.5) == ("ready", True)  # 200 steps of 20 ms take 4 s
    assert "steps" in ready[12]
