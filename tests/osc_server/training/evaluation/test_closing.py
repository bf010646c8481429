import numpy as np
import pytest

from osc_server.rendering.seam_report import SeamSurprise
from osc_server.rendering.tone_engine import ToneEngine
from osc_server.training.evaluation.closing import (
    SOURCES,
    Surprises,
    closing_figures,
    crossfade,
    encode_circle,
    judge_closing,
)
from osc_server.training.evaluation.generation import Ask


def closing(plain, circular, read=None):
    reader = None if read is None else SeamSurprise(read, 2.0)
    return {
        source: Surprises(SeamSurprise(circular if "circular" in source else plain, 3.0), reader)
        for source in SOURCES
    }


def test_half_the_perplexity_is_fifty_percent_less():
    figures = closing_figures([closing(np.log(80.0), np.log(40.0))] * 5, seed=1)
    assert figures["loops"] == 5
    assert figures["sources"]["plain"]["seam"] == pytest.approx(80.0)
    assert figures["sources"]["circular"]["lower_than_plain"]["share"] == pytest.approx(0.5)
    assert figures["sources"]["crossfaded again"]["lower_than_plain"]["share"] == 0.0


def test_the_companion_judges_apart_and_only_where_it_judged_all():
    found = closing_figures([closing(4.0, 3.0, read=5.0)] * 3, seed=1)
    assert found["reader"]["circular"]["seam"] == pytest.approx(np.exp(5.0))
    assert found["reader"]["circular"]["inside"] == pytest.approx(np.exp(2.0))
    assert found["reader"]["circular"]["lower_than_plain"]["share"] == 0.0
    assert found["sources"]["circular"]["lower_than_plain"]["share"] > 0.6
    assert closing_figures([closing(4.0, 3.0)] * 3, seed=1)["reader"] is None


def test_what_was_encoded_again_is_held_against_plain_decoding_encoded_again():
    found = closing(4.0, 3.0) | {"plain again": Surprises(SeamSurprise(5.0, 3.0))}
    sources = closing_figures([found] * 3, seed=1)["sources"]
    assert sources["circular again"]["lower_than_plain"]["share"] == pytest.approx(0.8647, abs=1e-3)
    assert sources["circular"]["lower_than_plain"]["share"] == pytest.approx(0.6321, abs=1e-3)


def test_the_interval_holds_what_differs_between_loops():
    found = [closing(4.0, 3.0), closing(4.0, 3.4), closing(4.0, 3.8)] * 4
    low, high = closing_figures(found, seed=1)["sources"]["circular"]["lower_than_plain"][
        "interval"
    ]
    assert 0.18 < low < 1 - np.exp(-0.6) < high < 0.64


def test_a_crossfade_begins_with_what_follows_the_loop_and_keeps_its_length():
    line = np.concatenate([np.zeros(1000), np.ones(100)]).astype(np.float32)
    loop = crossfade(line, 1000)
    assert len(loop) == 1000
    assert loop[0] == pytest.approx(1.0)
    assert loop[99] == pytest.approx(0.0, abs=0.02)
    assert not loop[100:].any()


def test_a_loop_is_encoded_as_a_circle():
    engine = ToneEngine()
    codes = np.tile(np.arange(50) % 7, (4, 1))
    audio = engine.decode(codes, circular=True)[:, 0]
    turned = np.roll(audio, 10 * (len(audio) // 50))
    found = encode_circle(engine, audio)
    assert found.shape == (4, 50)
    np.testing.assert_array_equal(encode_circle(engine, turned), np.roll(found, 10, axis=1))


def test_every_way_to_close_a_loop_is_judged():
    judged = judge_closing(ToneEngine(), Ask("pad", "pad", 120.0, 3))
    assert set(judged) == set(SOURCES)
    assert all(found.reader is None for found in judged.values())
