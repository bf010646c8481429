"""The client against the real server with the tone engine, over TCP and UDP."""

from __future__ import annotations

import asyncio
import os
import signal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile

from daw_bridge.client import AsyncMagnetClient, GenerateOptions, WeightedPrompt
from daw_bridge.server_process import free_port
from osc_server.contract.clip import ClipSidecar
from osc_server.contract.clip_names import GENERATE
from osc_server.contract.errors import (
    BadRequest,
    Cancelled,
    DeviceUnavailable,
    Forbidden,
    Late,
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


def test_every_instrument_starts_from_what_came_back(tone_server, transport):
    async def talk(magnet):
        clip = await magnet.generate("kick", bars=2, bpm=240)
        return clip, {
            "continue": await magnet.continue_(clip, bars=1),
            "infill": await magnet.infill(clip, 2, 4, "a fill"),
            "vary": await magnet.vary(clip.id, 0.25, strategy="periodic"),
            "loop": await magnet.loop(clip.path),
        }

    clip, made = converse(tone_server, talk, transport=transport)
    bars = {how: result.bars for how, result in made.items()}
    assert bars == {"continue": 1, "infill": 2, "vary": 2, "loop": 2}
    assert {result.bpm for result in made.values()} == {240}
    before, after = clip.read(), made["infill"].read()
    assert np.array_equal(before[:24000], after[:24000])
    assert np.array_equal(before[48000:], after[48000:])


def test_takes_are_ranked_and_all_can_be_had(tone_server, transport):
    async def talk(magnet):
        best = await magnet.generate("kick", bars=1, takes=3)
        return best, [await magnet.clip(take.clip) for take in best.takes]

    best, clips = converse(tone_server, talk, transport=transport)
    assert [take.rank for take in best.takes] == [1, 2, 3]
    assert (best.takes[0].clip, best.takes[0].seed) == (best.id, best.seed)
    assert [clip.path for clip in clips] == [Path(take.path) for take in best.takes]


def test_one_take_needs_no_ranking(tone_server):
    assert converse(tone_server, lambda magnet: magnet.generate("kick", bars=1)).takes == ()


@pytest.mark.parametrize("delivery", ["path", "stream"])
def test_a_preview_can_be_heard_before_the_clip(tone_server, delivery):
    heard = []

    async def talk(magnet):
        job = await magnet.start(
            "kick", bars=1, channels=2, delivery=delivery,
            on_preview=lambda preview: heard.append((preview, job_is_done())),
        )  # fmt: skip
        job_is_done.job = job
        return job, await job.result()

    def job_is_done():
        return getattr(job_is_done, "job", None) is not None and job_is_done.job.done

    job, clip = converse(tone_server, talk)
    ((preview, was_done),) = heard
    assert preview is job.preview
    assert not was_done
    audio, rate_hz = preview.read()
    assert (audio.shape, rate_hz, preview.codebooks) == (clip.read().shape, clip.rate_hz, 1)
    assert (preview.path is None) == (delivery == "stream")


def test_prompts_are_mixed(tone_server):
    async def talk(magnet):
        mix = [("kick", 0.7), WeightedPrompt("warm pad", 0.3, from_bar=1)]
        made = await magnet.generate(mix, bars=2, negative="hiss", hint=2, rescore=0.25)
        return made, (await magnet.clips(limit=1))[0]

    made, item = converse(tone_server, talk)
    assert made.prompt == item.prompt == "kick + warm pad"


def test_a_mix_of_one_is_a_prompt(tone_server):
    clip = converse(tone_server, lambda magnet: magnet.generate([("kick", 0.7)], bars=1))
    assert clip.prompt == "kick"


def test_a_deadline_that_passes_in_the_queue_is_late(tone_server):
    async def talk(magnet):
        first = await magnet.start("pad", bars=1, model=SLOW, steps=200)
        with pytest.raises(Late, match="50 ms"):
            await magnet.generate("pad", bars=1, model=SLOW, deadline=50)
        await first.cancel()

    converse(tone_server, talk)


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda magnet: magnet.infill("c", 8, 4), "to must be greater than from"),
        (lambda magnet: magnet.vary("c", 2), "amount 2 is out of range: 0 to 1"),
        (lambda magnet: magnet.vary("c", bars=4), "leave out bars"),
        (lambda magnet: magnet.vary("no such clip"), "no clip and no file"),
        (lambda magnet: magnet.generate("kick", takes=9), "takes 9 is out of range: 1 to 8"),
        (lambda magnet: magnet.generate([("a", 1), ("b", 0)]), "weight 0 is out of range"),
        (lambda magnet: magnet.generate("kick", hint=4, hint_seconds=1), "give the hint once"),
    ],
)
def test_a_wrong_wish_is_a_bad_request(tone_server, ask, sentence):
    with pytest.raises(BadRequest, match=sentence):
        converse(tone_server, ask)


def test_a_file_outside_the_servers_folders_is_forbidden(tone_server, tmp_path):
    soundfile.write(tmp_path / "a.wav", np.ones(48000) / 2, 48000)
    with pytest.raises(Forbidden, match="--audio-folders"):
        converse(tone_server, lambda magnet: magnet.vary(tmp_path / "a.wav"))


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


def test_where_a_clip_landed_is_kept_with_it(tone_server, transport):
    async def talk(magnet):
        clip = await magnet.generate("kick", bars=1)
        await magnet.landed(clip.id, "Drums, bar 5")
        await magnet.landed(clip.id, "", "no track is selected")
        with pytest.raises(BadRequest, match="clip/list"):
            await magnet.landed("20200101-nothing", "Drums")
        return clip.id, await magnet.clips(limit=1)

    clip_id, clips = converse(tone_server, talk, transport=transport)
    sidecar = ClipSidecar.from_json((tone_server.clips / f"{clip_id}.json").read_text("utf-8"))
    said = [(landing.place, landing.problem) for landing in sidecar.landings]
    assert said == [("Drums, bar 5", ""), ("", "no track is selected")]
    assert [clip.clip for clip in clips] == [clip_id]


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
