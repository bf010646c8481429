"""The client against the real server with the tone engine, over TCP and UDP."""

from __future__ import annotations

import asyncio
import os
import signal
from fractions import Fraction

import numpy as np
import pytest
import soundfile

from daw_bridge.client import AsyncMagnetClient, GenerateOptions
from daw_bridge.server_process import free_port
from osc_server.contract.clip_names import GENERATE
from osc_server.contract.errors import (
    BadRequest,
    Cancelled,
    DeviceUnavailable,
    Forbidden,
    ModelUnavailable,
)
from tests.daw_bridge.servers import running_server

SLOW = "tone:0.05"  # each step takes 50 ms


def converse(server, talk, **how):
    """Run ``await talk(client)`` with a client of the server."""

    async def run():
        async with AsyncMagnetClient(port=server.port, **how) as magnet:
            return await talk(magnet)

    return asyncio.run(run())


@pytest.fixture(params=["tcp", "udp"])
def transport(request):
    return request.param


def test_a_clip_is_exactly_as_long_as_asked(tone_server, transport):
    clip = converse(
        tone_server,
        lambda magnet: magnet.generate("kick", bars=1, bpm=128.5, rate=44100),
        transport=transport,
    )
    n_samples = round(Fraction(4 * 60 * 44100) / Fraction(128.5))
    assert clip.read().shape == (n_samples, 1)
    assert (clip.beats, clip.bpm, clip.rate_hz) == (4, 128.5, 44100)


def test_the_same_seed_makes_the_same_clip(tone_server):
    async def talk(magnet):
        first = await magnet.generate("kick", bars=1, seed=5)
        second = await magnet.generate("kick", bars=1, seed=first.seed)
        return first.read(), second.read()

    assert np.array_equal(*converse(tone_server, talk))


def test_progress_rises_to_the_end(tone_server, transport):
    heard = []
    converse(
        tone_server,
        lambda magnet: magnet.generate(
            "pad", bars=1, model=SLOW, steps=8, on_progress=heard.append
        ),
        transport=transport,
    )
    fractions = [progress.fraction for progress in heard]
    assert fractions == sorted(fractions)
    assert heard[-1].step == heard[-1].steps == 8


def test_a_streamed_clip_is_the_one_on_disk(tone_server):
    async def talk(magnet):
        streamed = await magnet.generate("pad", bars=2, seed=3, channels=2, delivery="stream")
        on_disk = await magnet.clip(streamed.id)
        return streamed.read(), on_disk.path

    samples, path = converse(tone_server, talk)
    assert samples.dtype == np.float32
    assert np.array_equal(samples, soundfile.read(path, dtype="float32", always_2d=True)[0])


def test_a_clip_is_recalled_by_its_id_as_a_stream(tone_server):
    async def talk(magnet):
        made = await magnet.generate("pad", bars=1)
        return made.read(), (await magnet.clip(made.id, stream=True)).read()

    assert np.array_equal(*converse(tone_server, talk))


def test_a_job_is_cancelled_in_mid_render(tone_server, transport):
    async def talk(magnet):
        stepped = asyncio.Event()
        job = await magnet.start(
            "pad", bars=1, model=SLOW, steps=200, on_progress=lambda _: stepped.set()
        )
        await stepped.wait()
        await job.cancel()
        return job

    async def result(magnet):
        job = await talk(magnet)
        with pytest.raises(Cancelled):
            await job.result()
        return job.progress.step

    assert converse(tone_server, result, transport=transport) < 200


def test_cancelling_the_task_cancels_the_job(tone_server):
    async def talk(magnet):
        stepped = asyncio.Event()
        work = magnet.generate(
            "pad", bars=1, model=SLOW, steps=200, on_progress=lambda _: stepped.set()
        )
        task = asyncio.create_task(work)
        await stepped.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        # The next job is not behind 10 s of a job that nobody wants.
        return await asyncio.wait_for(magnet.generate("kick", bars=1, model="tone"), 8)

    assert converse(tone_server, talk).seconds == 2.0


def test_many_jobs_at_once_each_get_their_own_clip(tone_server):
    async def talk(magnet):
        return await asyncio.gather(
            *(magnet.generate(f"tone {bars}", bars=bars, seed=bars) for bars in range(1, 7))
        )

    clips = converse(tone_server, talk)
    assert [(clip.bars, clip.seed, clip.prompt) for clip in clips] == [
        (bars, bars, f"tone {bars}") for bars in range(1, 7)
    ]


def test_a_newer_job_replaces_a_waiting_one_in_its_lane(tone_server):
    async def talk(magnet):
        await magnet.start("first", bars=1, model=SLOW, steps=40)
        waiting = await magnet.start("second", bars=1, model=SLOW, lane="deck 1")
        newer = await magnet.start("third", bars=1, model="tone", lane="deck 1")
        with pytest.raises(Cancelled):
            await waiting.result()
        return await newer.result()

    assert converse(tone_server, talk).prompt == "third"


def test_a_wrong_name_is_refused_before_it_is_sent(tone_server):
    with pytest.raises(BadRequest, match="did you mean bars"):
        converse(tone_server, lambda magnet: magnet.generate("kick", barz=4))


def test_a_value_out_of_range_is_refused_with_its_range(tone_server):
    with pytest.raises(BadRequest, match="20 to 400"):
        converse(tone_server, lambda magnet: magnet.generate("kick", bpm=900))


def test_an_error_of_the_server_comes_back_as_what_it_is(tone_server):
    with pytest.raises(ModelUnavailable, match="no-such-model"):
        converse(tone_server, lambda magnet: magnet.generate("kick", model="no-such-model"))


def test_a_clip_that_is_not_there_is_a_bad_request(tone_server):
    with pytest.raises(BadRequest):
        converse(tone_server, lambda magnet: magnet.clip("20200101-nothing"))


def test_the_server_says_how_it_is(tone_server, transport):
    status = converse(tone_server, lambda magnet: magnet.status(), transport=transport)
    assert status.clips_folder == str(tone_server.clips)


def test_lists_come_whole(tone_server, transport):
    async def talk(magnet):
        await magnet.generate("kick", bars=1)
        await magnet.sync()
        return await magnet.models(), await magnet.clips(limit=1), await magnet.help("generate")

    models, clips, lines = converse(tone_server, talk, transport=transport)
    assert "embedded" in [model.name for model in models]
    assert [clip.prompt for clip in clips] == ["kick"]
    assert any("bpm" in line for line in lines)


def test_a_ping_takes_no_time_to_speak_of(tone_server):
    assert 0 < converse(tone_server, lambda magnet: magnet.ping()) < 1


def test_a_server_with_a_token_wants_to_see_it(tmp_path):
    async def ask(port, token):
        async with AsyncMagnetClient(port=port, token=token) as magnet:
            return (await magnet.generate("kick", bars=1)).bars

    with running_server(tmp_path, token="open sesame") as server:
        assert asyncio.run(ask(server.port, "open sesame")) == 1
        with pytest.raises(Forbidden):
            asyncio.run(ask(server.port, "guess"))


@pytest.mark.parametrize("how", ["tcp", "udp"])
def test_no_server_is_a_sentence_that_says_how_to_start_one(how, monkeypatch):
    monkeypatch.setattr("daw_bridge.client.conversation.ANSWER_SECONDS", 0.2)

    async def talk():
        async with AsyncMagnetClient(port=free_port(), transport=how):
            pass

    with pytest.raises(DeviceUnavailable, match="magnet-server"):
        asyncio.run(talk())


def test_a_server_that_dies_in_mid_job_is_a_sentence(tmp_path):
    async def talk(server):
        async with AsyncMagnetClient(port=server.port) as magnet:
            stepped = asyncio.Event()
            job = await magnet.start("pad", bars=1, steps=200, on_progress=lambda _: stepped.set())
            await stepped.wait()
            os.kill(server.process.pid, signal.SIGKILL)
            with pytest.raises(DeviceUnavailable, match="magnet-server"):
                await job.result()
            with pytest.raises(DeviceUnavailable):
                await magnet.ping()

    with running_server(tmp_path, "--model", SLOW) as server:
        asyncio.run(talk(server))


def test_error_lines_of_the_server_reach_the_program(tone_server):
    heard = []

    async def talk(magnet):
        magnet._talk._wire.send(b"not osc!")
        await magnet.sync()

    converse(tone_server, talk, on_error=heard.append)
    assert len(heard) == 1


def test_the_options_are_the_names_of_the_protocol():
    names = {parameter.name for parameter in GENERATE}
    assert set(GenerateOptions.__annotations__) | {"prompt", "from_bar", "to_bar"} == names
