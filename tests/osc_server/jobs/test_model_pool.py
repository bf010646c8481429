"""The models in memory: who stays, who goes, and who is refused."""

import asyncio
from types import SimpleNamespace

import pytest

from osc_server.contract.errors import MagnetError, ModelUnavailable, OutOfMemory
from osc_server.jobs.messages import Loaded, Rehearsed
from osc_server.jobs.model_pool import ModelPool
from osc_server.rendering.tone_engine import ToneEngine

GB = 10**9


class Host:
    """A home of a model without a process; what it is told to do it does at once."""

    refusals: dict[str, list[MagnetError]]
    device_memory_bytes = 0

    def __init__(self, model, on_death):
        self.model, self.on_death = model, on_death
        self.loaded, self.worker, self.ready = None, object(), False

    async def load(self):
        if self.refusals.get(self.model):
            raise self.refusals[self.model].pop()
        info = ToneEngine().info
        self.loaded, self.ready = Loaded(info, self.device_memory_bytes), True

    async def bury(self):
        self.ready = False


def make_pool(budget_gb, refusals=None, *, device_memory_bytes=0, fixed=True, **sizes_gb):
    class ThisHost(Host):
        pass

    ThisHost.refusals = refusals or {}
    ThisHost.device_memory_bytes = device_memory_bytes
    return ModelPool(
        ThisHost,
        lambda model, device: sizes_gb[model] * GB,
        budget_gb * GB,
        lambda: 0.0,
        device="auto",
        fixed_budget=fixed,
    )


def load(pool, *models, busy="", current=""):
    async def run():
        for model in models:
            await pool.load(model, keep=lambda: {busy}, current=current)

    asyncio.run(run())


def test_two_models_stay_in_memory_where_they_fit():
    pool = make_pool(5, a=2, b=3)
    load(pool, "a", "b")
    assert pool.loaded == ["a", "b"]
    assert pool.used_bytes == 5 * GB


def test_the_least_recently_used_goes_where_there_is_no_room():
    pool = make_pool(5, a=2, b=2, c=2)
    load(pool, "a", "b")
    pool.worker("a")
    load(pool, "c")
    assert pool.loaded == ["a", "c"]


def test_the_current_model_goes_last():
    pool = make_pool(5, a=2, b=2, c=2)
    load(pool, "a", "b", "c", current="a")
    assert pool.loaded == ["a", "c"]


def test_the_model_that_renders_never_goes():
    pool = make_pool(5, a=2, b=2, c=3)
    load(pool, "a", "b", "c", busy="a", current="b")
    assert pool.loaded == ["a", "c"]
    assert pool.can_make_room("b", {"a"})
    assert not pool.can_make_room("b", {"a", "c"})


def test_a_model_larger_than_the_budget_is_refused_with_the_flag_that_would_help():
    pool = make_pool(5, a=2, huge=8)
    load(pool, "a")
    with pytest.raises(OutOfMemory, match=r"huge takes about 8\.0 GB.* 5\.0 GB.*--memory 8\.1"):
        load(pool, "huge")
    assert pool.loaded == ["a"]


def test_where_the_estimate_was_too_low_it_is_tried_again_alone():
    pool = make_pool(5, {"b": [OutOfMemory("no room")]}, a=2, b=2)
    load(pool, "a", "b")
    assert pool.loaded == ["b"]


def test_what_has_no_room_even_alone_is_refused():
    pool = make_pool(5, {"b": [OutOfMemory("no room")]}, b=2)
    with pytest.raises(OutOfMemory):
        load(pool, "b")
    assert (pool.loaded, pool.used_bytes, pool.loading) == ([], 0, "")


def test_a_model_that_cannot_be_loaded_costs_no_other():
    pool = make_pool(5, {"b": [ModelUnavailable("damaged")]}, a=2, b=2)
    load(pool, "a")
    with pytest.raises(ModelUnavailable):
        load(pool, "b")
    assert pool.loaded == ["a"]


def test_the_budget_is_that_of_the_gpu_unless_the_owner_set_one():
    for fixed, budget_gb in ((False, 18), (True, 5)):
        pool = make_pool(5, device_memory_bytes=20 * GB, fixed=fixed, a=2)
        load(pool, "a")
        assert pool.budget_bytes == budget_gb * GB


def test_a_model_whose_worker_died_is_restarting_until_it_is_loaded_again():
    heard = []
    pool = make_pool(5, a=2)
    pool.on_death = lambda: heard.append(True)
    load(pool, "a")
    host = pool._hosts["a"]
    host.ready = False
    host.on_death()
    assert (pool.is_restarting("a"), pool.loaded, heard) == (True, [], [True])
    load(pool, "a")
    assert (pool.is_restarting("a"), pool.loaded) == (False, ["a"])


def test_what_a_model_takes_at_least_is_known_once_it_was_tried_out():
    pool = make_pool(10, a=1)
    assert pool.least_seconds("a") == 0.0
    load(pool, "a")
    pool._hosts["a"].worker = SimpleNamespace(rehearsed=None)
    assert pool.least_seconds("a") == 0.0
    pool._hosts["a"].worker = SimpleNamespace(rehearsed=Rehearsed(0.25))
    assert pool.least_seconds("a") == 0.25
