"""The client for programs without asyncio."""

from __future__ import annotations

import threading

import pytest

from daw_bridge.client import MagnetClient, Vary
from daw_bridge.server_process import free_port
from osc_server.contract.errors import Cancelled, DeviceUnavailable, Late

SLOW = "tone:0.05"


@pytest.fixture
def magnet(tone_server):
    with MagnetClient(port=tone_server.port) as client:
        yield client


def test_a_clip_in_three_lines(tone_server):
    with MagnetClient(port=tone_server.port) as magnet:
        clip = magnet.generate("dusty breakbeat", bars=2, bpm=120)
    assert clip.read().shape == (192_000, 1)


def test_every_instrument_without_asyncio(magnet):
    heard = []
    clip = magnet.generate("kick", bars=2, bpm=240, on_preview=heard.append)
    assert [preview.codebooks for preview in heard] == [1]
    assert magnet.continue_(clip, bars=1).bars == 1
    assert magnet.infill(clip, 2, 4, "a fill").bars == 2
    assert len(magnet.vary(clip, 0.5, takes=2).takes) == 2
    assert magnet.loop(clip).bars == 2
    job = magnet.start(source=Vary(clip.id, 0.1), preview=True)
    assert job.result().bars == 2
    assert job.preview.codebooks == 1


def test_where_a_clip_landed_is_noted(magnet, tone_server):
    clip = magnet.generate("kick", bars=1, bpm=240)
    magnet.landed(clip.id, "Drums, bar 5")
    assert '"place": "Drums, bar 5"' in (tone_server.clips / f"{clip.id}.json").read_text("utf-8")


def test_a_started_clip_is_waited_for(magnet):
    job = magnet.start("pad", bars=1)
    assert job.result().bars == 1
    assert job.done


def test_a_started_clip_is_cancelled(magnet):
    job = magnet.start("pad", bars=1, model=SLOW, steps=200)
    job.cancel()
    with pytest.raises(Cancelled):
        job.result()


def test_a_wait_can_be_limited_and_the_job_goes_on(magnet):
    job = magnet.start("pad", bars=1, model=SLOW, steps=20)
    with pytest.raises(Late, match=r"0\.05 seconds"):
        job.result(timeout_seconds=0.05)
    assert job.result().bars == 1


def test_any_number_of_threads_may_ask(magnet):
    clips = {}

    def ask(bars):
        clips[bars] = magnet.generate("pad", bars=bars, model="tone")

    threads = [threading.Thread(target=ask, args=(bars,)) for bars in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {bars: clip.bars for bars, clip in clips.items()} == {1: 1, 2: 2, 3: 3}


def test_questions_have_answers(magnet):
    assert magnet.ping() > 0
    assert magnet.status().version
    assert "tone" in [model.name for model in magnet.models()]
    assert magnet.help("ping")
    magnet.sync()


def test_a_model_is_loaded_by_name(magnet):
    magnet.load_model("tone")
    assert magnet.status().model == "tone"


def test_closing_twice_is_fine(tone_server):
    client = MagnetClient(port=tone_server.port)
    client.close()
    client.close()


def test_no_server_leaves_no_thread_behind():
    before = threading.active_count()
    with pytest.raises(DeviceUnavailable, match="magnet-server"):
        MagnetClient(port=free_port())
    assert threading.active_count() == before
