"""What a script asks for, read strictly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from daw_bridge.reaper.given_audio import save_cut
from daw_bridge.reaper.orders import Cut, read_order
from osc_server.contract.errors import BadRequest
from osc_server.contract.requests import Infill, Vary


def test_an_order_becomes_a_start_and_options():
    order = read_order(
        {"verb": "infill", "prompt": "fill", "clip": "abc", "from": "4", "to": "6.5", "takes": "2"}
    )
    assert order.start("abc") == Infill("abc", 4, 6.5)
    assert order.rest() == {"takes": 2}
    vary = read_order({"verb": "vary", "amount": "0.25", "strategy": "random"})
    assert vary.start("x") == Vary("x", 0.25, "random")
    assert read_order({"verb": "generate"}).start("") is None


@pytest.mark.parametrize(
    ("rate", "asked"),
    [("44100", 44100), ("22050.4", 22050), ("384000", 192000), ("4000", 8000)],
)
def test_a_rate_that_the_server_does_not_offer_becomes_the_nearest(rate, asked):
    assert read_order({"verb": "generate", "rate": rate}).options["rate"] == asked


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"verb": "generate", "rate": "nan"}, "rate must be a number"),
        ({}, "there is no ''"),
        ({"verb": "generat"}, "did you mean generate"),
        ({"verb": "generate", "bars": "many"}, "bars must be a number"),
        ({"verb": "generate", "barz": "4"}, "generate has no barz; did you mean bars"),
        ({"verb": "infill", "from": "?", "to": "2"}, "from must be a number"),
        ({"verb": "generate", "rate": "fast"}, "rate must be a number"),
        (
            {"verb": "vary", "audio": "a.wav", "audio_seconds": "x"},
            "audio_seconds must be a number",
        ),
    ],
)
def test_what_is_no_order_is_refused(values, words):
    with pytest.raises(BadRequest, match=words):
        read_order(values)


def test_a_start_that_lacks_something_says_what():
    with pytest.raises(BadRequest, match="infill needs from"):
        read_order({"verb": "infill", "to": "2"}).start("abc")


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "own.flac"
    soundfile.write(path, np.linspace(-0.5, 0.5, 44100), 44100, subtype="PCM_24")
    return path


def test_a_looped_item_is_cut_round_its_seam(recording, tmp_path):
    path = save_cut(Cut(recording, 0.75, 1.5), tmp_path / "clips")
    samples, rate = soundfile.read(path)
    whole = soundfile.read(recording)[0]
    assert rate == 44100
    np.testing.assert_allclose(
        samples, np.concatenate([whole, whole, whole])[33075:99225], atol=1e-6
    )
    assert save_cut(Cut(recording, 0.75, 1.5), tmp_path / "clips") == path


def test_a_cut_that_cannot_be_is_refused_in_words(recording, tmp_path):
    with pytest.raises(BadRequest, match="offline or was moved"):
        save_cut(Cut(tmp_path / "gone.wav", 0, 1), tmp_path)
    with pytest.raises(BadRequest, match="split the item"):
        save_cut(Cut(recording, 0, 601), tmp_path)
    (tmp_path / "words.wav").write_text("no audio")
    with pytest.raises(BadRequest, match="glue the item"):
        save_cut(Cut(tmp_path / "words.wav", 0, 1), tmp_path)
