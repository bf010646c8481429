"""The LV2 plugin and its server: settings, state, a server that goes, and one that lies."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import scipy.signal

from daw_bridge.server_process import free_port
from osc_server.contract.packets import MAX_PACKET_BYTES
from tests.daw_bridge.integrations.lv2 import (
    Built,
    Lv2Host,
    Samples,
    Song,
    build,
    lv2_host,
    read_clip,
    repeated,
)
from tests.daw_bridge.integrations.lv2_liar import (
    BAR,
    Answer,
    chunks,
    good,
    lying,
    ready,
    sent,
    tone,
)
from tests.daw_bridge.servers import RunningServer, running_server

SONG = Song(48000, 120)


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Built so that a read or write beyond memory, a leak and what C leaves undefined end it."""
    flags = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
    return build(tmp_path_factory.mktemp("checked"), *flags, watched=False)


@pytest.fixture
def plugin(checked: Built, tone_server: RunningServer, tmp_path: Path) -> Iterator[Lv2Host]:
    with lv2_host(checked, tmp_path, 48000, tone_server.port) as running:
        running.move(SONG.at(0, speed=0))
        yield running


def test_a_refusal_of_the_server_is_told_in_its_words(
    checked: Built, tone_server: RunningServer, tmp_path: Path
) -> None:
    with lv2_host(checked, tmp_path, 384000, tone_server.port) as plugin:
        plugin.tell("prompt dusty")
        plugin.tell("run 64")
        plugin.control(generate=1)
        plugin.wait("error")
        assert "384000 is out of range: 8000 to 192000 Hz" in plugin.messages()["message"]


def test_without_words_or_preset_it_says_what_is_missing(plugin: Lv2Host) -> None:
    plugin.wait("idle")
    plugin.control(generate=1)
    plugin.wait("error")
    assert "prompt" in plugin.messages()["message"]
    plugin.generate("dusty", bars=1)
    assert plugin.state == "ready"


def test_a_preset_by_its_number_needs_no_prompt(
    plugin: Lv2Host, tone_server: RunningServer, tmp_path: Path
) -> None:
    clip = plugin.generate(bars=1, preset=2)
    sidecar = (tone_server.clips / f"{clip}.json").read_text()
    names = sorted(path.stem for path in (Path(__file__).parents[3] / "presets").glob("*.toml"))
    assert names
    assert any(name in sidecar for name in names)
    plugin.tell(f"save {folder(tmp_path)}")
    assert any(name in (tmp_path / "state" / "preset").read_text() for name in names)


def test_a_preset_that_is_not_there_is_named(plugin: Lv2Host) -> None:
    plugin.wait("idle")
    plugin.control(preset=64, generate=1)
    plugin.wait("error")
    assert "preset 64" in plugin.messages()["message"]


def test_a_long_prompt_with_accents_arrives_whole(
    plugin: Lv2Host, tone_server: RunningServer
) -> None:
    prompt = "café größer 音楽 " * 100
    clip = plugin.generate(prompt.strip(), bars=1)
    sidecar = (tone_server.clips / f"{clip}.json").read_text("utf-8")
    assert "café größer" in sidecar or "caf\\u00e9" in sidecar
    plugin.tell("get")
    plugin.tell("run 64")
    assert plugin.messages()["prompt"] == prompt.strip()


def test_a_token_opens_a_server_that_asks_for_one(checked: Built, tmp_path: Path) -> None:
    with running_server(tmp_path, token="sesame") as server:
        settings = tmp_path / "plugin.toml"
        settings.write_text(f'# my box\nhost = "127.0.0.1"\nport = {server.port}\ntoken = "sesame"')
        env = {"MAGNET_PLUGIN_CONFIG": str(settings)}
        with lv2_host(checked, tmp_path, 48000, server.port, **env) as plugin:
            assert plugin.generate("dusty", bars=1)
        with lv2_host(checked, tmp_path, 48000, server.port, MAGNET_TOKEN="wrong") as plugin:
            plugin.wait("error")
            assert "token" in plugin.messages()["message"]


def test_when_the_server_goes_the_loop_goes_on_and_it_finds_the_next_one(
    checked: Built, tmp_path: Path
) -> None:
    port = free_port()
    with lv2_host(checked, tmp_path, 48000, port) as plugin:
        plugin.move(SONG.at(0, speed=0))
        plugin.tell("run 0")
        assert plugin.state == "no server"
        with running_server(tmp_path, port=port) as server:
            clip = read_clip(server.clips, plugin.generate("dusty", bars=1))
            plugin.move(SONG.at(0))
            plugin.play(1000)
        plugin.wait("no server")
        plugin.control(generate=0)
        plugin.tell("run 0")
        plugin.control(generate=1, seed=9)
        heard = plugin.play_and_hear(3 * BAR)
        assert np.array_equal(heard, repeated(clip, 0, range(1000, 1000 + 3 * BAR)))
        assert plugin.state == "no server"
        first = plugin.messages()["clip"]
        with running_server(tmp_path, port=port):
            plugin.next_clip(first)  # it was asked for while nobody was there
            assert plugin.ports()["seed_used"] == 9


def folder(tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir(exist_ok=True)
    return tmp_path / "state"


def test_a_session_sounds_the_same_again_without_a_server(
    plugin: Lv2Host, checked: Built, tone_server: RunningServer, tmp_path: Path
) -> None:
    clip = read_clip(tone_server.clips, plugin.generate("dusty", bars=1, seed=5))
    plugin.tell("prompt something new")
    plugin.tell("run 64")
    time.sleep(0.2)  # the worker looks every 20 ms
    plugin.tell(f"save {folder(tmp_path)}")
    with lv2_host(checked, tmp_path, 48000, free_port()) as again:
        again.tell(f"load {tmp_path / 'state'}")
        again.move(SONG.at(0))
        heard = again.play_and_hear(BAR)
        assert np.array_equal(heard, clip)
        assert again.messages()["prompt"] == "something new"
        assert again.ports()["seed_used"] == 5


@pytest.mark.parametrize("rate_hz", [22050, 44100, 96000])
def test_a_session_of_another_rate_sounds_the_same_without_a_server(
    plugin: Lv2Host, checked: Built, tone_server: RunningServer, tmp_path: Path, rate_hz: int
) -> None:
    clip = read_clip(tone_server.clips, plugin.generate("dusty", bars=1, seed=5))
    plugin.tell(f"save {folder(tmp_path)}")
    song = Song(rate_hz, 120)
    with lv2_host(checked, tmp_path, rate_hz, free_port()) as again:
        again.tell(f"load {tmp_path / 'state'}")
        again.move(song.at(0))
        heard = again.play_and_hear(3 * song.bar_starts(1))
        assert again.ports()["seed_used"] == 5
    rounds = heard.reshape(3, song.bar_starts(1), 2)
    assert np.array_equal(rounds[0], rounds[1])
    assert np.array_equal(rounds[0], rounds[2])
    off = _in_band(rounds[0] - scipy.signal.resample(clip, len(rounds[0])), rate_hz)
    assert 20 * np.log10(off / _in_band(clip, 48000)) < -85


def _in_band(audio: Samples, rate_hz: int) -> float:
    """Root mean square of what is heard below nine tenths of the lower of the two bands."""
    spectrum = np.fft.rfft(audio, axis=0, norm="forward")
    highest = 0.9 * min(rate_hz, 48000) / 2
    return float(np.linalg.norm(spectrum[: int(highest * len(audio) / rate_hz)]))


@pytest.mark.parametrize("damage", ["no file", "cut short", "another file"])
def test_a_session_that_lost_its_audio_gets_the_clip_from_the_server(
    plugin: Lv2Host, checked: Built, tone_server: RunningServer, tmp_path: Path, damage: str
) -> None:
    clip = plugin.generate("dusty", bars=1, seed=5)
    plugin.tell(f"save {folder(tmp_path)}")
    wav = tmp_path / "state" / "loop.wav"
    if damage == "no file":
        wav.unlink()
    else:
        wav.write_bytes(wav.read_bytes()[:5000] if damage == "cut short" else b"RIFF" * 5000)
    with lv2_host(checked, tmp_path, 48000, tone_server.port) as again:
        again.tell(f"load {tmp_path / 'state'}")
        assert again.next_clip("") == clip
        again.move(SONG.at(0))
        assert np.array_equal(again.play_and_hear(BAR), read_clip(tone_server.clips, clip))


def test_a_session_of_another_rate_that_lost_its_audio_gets_the_clip_at_that_rate(
    plugin: Lv2Host, checked: Built, tone_server: RunningServer, tmp_path: Path
) -> None:
    clip = plugin.generate("dusty", bars=1, seed=5)
    plugin.tell(f"save {folder(tmp_path)}")
    (tmp_path / "state" / "loop.wav").unlink()
    with lv2_host(checked, tmp_path, 44100, tone_server.port) as again:
        again.tell(f"load {tmp_path / 'state'}")
        assert again.next_clip("") == clip
        again.move(Song(44100, 120).at(0))
        heard = again.play_and_hear(88200)
    assert np.array_equal(heard, read_clip(tone_server.clips / "rates", f"{clip}.44100hz"))


def test_a_session_whose_clip_is_gone_has_it_made_again_from_its_seed(
    plugin: Lv2Host, checked: Built, tone_server: RunningServer, tmp_path: Path
) -> None:
    clip = plugin.generate("dusty", bars=1, seed=5)
    plugin.tell(f"save {folder(tmp_path)}")
    (tmp_path / "state" / "loop.wav").unlink()
    (tone_server.clips / f"{clip}.wav").rename(tmp_path / "hidden.wav")
    shutil.move(tone_server.clips / f"{clip}.json", tmp_path / "hidden.json")
    with lv2_host(checked, tmp_path, 48000, tone_server.port) as again:
        again.tell(f"load {tmp_path / 'state'}")
        another = again.next_clip("")
        assert another != clip
        assert again.ports()["seed_used"] == 5
        assert len(read_clip(tone_server.clips, another)) == 96000


@pytest.mark.parametrize(
    "name", ["bars", "seed", "bpm", "meter_beats", "clip", "made_prompt", "loop"]
)
def test_a_damaged_state_is_survived(
    plugin: Lv2Host, checked: Built, tone_server: RunningServer, tmp_path: Path, name: str
) -> None:
    plugin.generate("dusty", bars=1)
    plugin.tell(f"save {folder(tmp_path)}")
    kept = tmp_path / "state" / name
    kind, _, value = kept.read_bytes().partition(b"\n")
    for damaged in (b"", value[:1], b"\xff" * 64, b"\x00" * 8):
        kept.write_bytes(kind + b"\n" + damaged)
        with lv2_host(checked, tmp_path, 48000, tone_server.port) as again:
            again.tell(f"load {tmp_path / 'state'}")
            again.move(SONG.at(0))
            again.play(2000)
            assert np.isfinite(again.heard()).all()


def with_samples(*values: float) -> Answer:
    def answer(request: int) -> bytes:
        samples = tone()
        samples[: len(values), 0] = values
        return chunks(request, samples) + ready(request)

    return answer


def audio(index: int, count: int, blob: bytes = b"\0" * 4096) -> Answer:
    return lambda request: sent("/magnet/audio", request, index, count, blob) + ready(request)


LIES: dict[str, Answer] = {
    "not a number": with_samples(float("nan")),
    "infinite": with_samples(1, 0.5, float("-inf")),
    "far too loud": with_samples(1000),
    "no audio": ready,
    "a piece of very many": audio(0, 2**31 - 1),
    "a negative count": audio(0, -5),
    "a negative index": audio(-1, 5),
    "no pieces": audio(0, 0),
    "half a float": audio(0, 1, b"123"),
    "the last piece twice": lambda r: chunks(r, tone()) + chunks(r, tone()) + ready(r),
    "too long": lambda r: chunks(r, np.concatenate([tone()] * 3)) + ready(r),
    "too short": lambda r: chunks(r, tone()[:-5]) + ready(r),
    "another rate": lambda r: chunks(r, tone()) + ready(r, rate_hz=44100),
    "no tempo": lambda r: chunks(r, tone()) + ready(r, bpm=0.0),
    "a huge tempo": lambda r: chunks(r, tone()) + ready(r, bpm=3e38),
    "words for numbers": lambda r: chunks(r, tone()) + sent("/magnet/ready", r, "a", "b", "c"),
    "nothing but an id": lambda r: sent("/magnet/ready", r),
    "a reason that is none": lambda r: sent("/magnet/failed", r, 1, 2),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_clip_that_is_none_is_refused_and_the_old_loop_goes_on(
    checked: Built, tmp_path: Path, lie: str
) -> None:
    with lying(good, LIES[lie]) as liar, lv2_host(checked, tmp_path, 48000, liar.port) as plugin:
        plugin.move(SONG.at(0, speed=0))
        plugin.generate("dusty", bars=1)
        plugin.move(SONG.at(0))
        plugin.play(1000)
        plugin.control(generate=0)
        plugin.tell("run 0")
        plugin.control(generate=1)
        plugin.wait("error")
        assert plugin.messages()["message"]
        heard = plugin.play_and_hear(2 * BAR)
        assert np.array_equal(heard, repeated(tone(), 0, range(1000, 1000 + 2 * BAR)))
        plugin.generate("dusty", bars=1)  # an honest answer is taken again
        assert plugin.state == "cued"


BROKEN: dict[str, bytes] = {
    "a length without end": b"\xff\xff\xff\xff" + b"x" * 100,
    "more than a packet": (MAX_PACKET_BYTES + 4).to_bytes(4, "big") + b"\0" * 100,
    "a packet cut short": sent("/magnet/progress", 1, 0.5, 1, 2, 0.5)[:-7],
    "another program": b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n" * 9,
    "half a length": b"\0\0",
    "nothing": b"",
}


@pytest.mark.parametrize("broken", BROKEN)
def test_after_a_broken_connection_it_asks_again(
    checked: Built, tmp_path: Path, broken: str
) -> None:
    lies = [lambda request: BROKEN[broken]]
    with lying(*lies, hang_up=True) as liar:
        with lv2_host(checked, tmp_path, 48000, liar.port) as plugin:
            plugin.move(SONG.at(0, speed=0))
            assert plugin.generate("dusty", bars=1) == "good"
        asked = [message for message in liar.asked if message.address == "/magnet/generate"]
        assert len(asked) == 2
        assert asked[0].args[1:] == asked[1].args[1:]


def damaged(packet: bytes, draw: random.Random) -> bytes:
    content = bytearray(packet)
    for _ in range(draw.randint(1, 6)):
        where = draw.randrange(len(content))
        content[where] = draw.choice((0, 1, 0x2C, 0x62, 0x7F, 0x80, 0xFF, draw.randrange(256)))
    return bytes(content[: draw.randint(1, len(content))])


def test_thousands_of_damaged_packets_are_survived(checked: Built, tmp_path: Path) -> None:
    draw = random.Random(12)

    def answer(request: int) -> bytes:
        whole = [sent("/magnet/accepted", request, 0, 1.0, ""), ready(request)]
        whole += [sent("/magnet/audio", request, 0, 3, b"\1" * 40), sent("/magnet/error", "no")]
        whole += [sent("/magnet/failed", 0, "a", "b"), sent("/magnet/preset/item", 0, "a", "b")]
        packets = (damaged(draw.choice(whole)[4:], draw) for _ in range(3000))
        return b"".join(len(packet).to_bytes(4, "big") + packet for packet in packets)

    with lying(answer) as liar, lv2_host(checked, tmp_path, 48000, liar.port) as plugin:
        plugin.move(SONG.at(0))
        plugin.tell("prompt dusty")
        plugin.tell("run 64")
        plugin.control(generate=1)
        for _ in range(100):
            plugin.tell("run 64")
            time.sleep(0.005)
        assert np.isfinite(plugin.heard()).all()
        assert plugin.generate("dusty", bars=1)


def test_the_two_threads_hand_over_without_a_race(
    tone_server: RunningServer, tmp_path: Path
) -> None:
    built = build(tmp_path, "-g", "-fsanitize=thread", watched=False)
    with lv2_host(built, tmp_path, 48000, tone_server.port) as plugin:
        plugin.move(SONG.at(0))
        for seed in range(5):
            plugin.generate(f"number {seed}", bars=1, seed=seed, quantum=0)
            plugin.play(30000)
            plugin.tell(f"save {folder(tmp_path)}")
        plugin.tell(f"load {tmp_path / 'state'}")
        plugin.play(30000)
        assert plugin.heard().any()
