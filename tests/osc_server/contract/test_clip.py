"""The sidecar keeps everything that made a clip, and makes the request for it again."""

import json
from dataclasses import replace

import pytest

from osc_server.contract.clip import SCHEMA, ClipSidecar, Measured
from osc_server.contract.errors import StorageFailed
from osc_server.contract.musical_time import Meter
from osc_server.contract.requests import (
    CloseLoop,
    Continue,
    DecodingOptions,
    GenerateClip,
    Hint,
    Infill,
    Vary,
    WeightedPrompt,
)

REQUEST = GenerateClip(
    "deck-1",
    prompt="dusty café",
    preset="break",
    bars=3.5,
    bpm=127.3,
    meter=Meter(7, 8),
    seed=77,
    decoding=DecodingOptions(3.0, 0.9, 0, 10.0, 1.0, (20, 10, 10, 10), "stride1", "max", False),
    lane="drums",
    n_channels=2,
    delivery="stream",
    given=frozenset({"prompt", "preset"}),
)
MEASURED = Measured(5.77, 277000, 48000, 2, 3.5, 127.3, 0.0, 1.02, -14.0, -1.3, 0.4)
SIDECAR = ClipSidecar(
    "c1", "2026-11-03T14:15:00Z", REQUEST, "dusty café, A minor", 77, "embedded", "ab" * 32, 288,
    MEASURED, "", {"magnet-bridge": "0.1.0"},
)  # fmt: skip


def test_a_sidecar_is_the_same_after_the_disk():
    assert ClipSidecar.from_json(SIDECAR.to_json()) == SIDECAR


@pytest.mark.parametrize(
    "start",
    [Continue("c0"), Infill("c0", 4.0, 8.5), Vary("/music/a.wav", 0.25, "texture"), CloseLoop("c")],
    ids=lambda start: type(start).__name__,
)
def test_what_a_clip_was_made_from_is_the_same_after_the_disk(start):
    made = replace(
        SIDECAR,
        request=replace(
            REQUEST,
            start=start,
            negative="vocals",
            mix=(WeightedPrompt("a", 0.7, 0.0, 2.0), WeightedPrompt("b", 0.3)),
            takes=3,
            hint=Hint(seconds=2.0),
            rescore=0.5,
            companion="musicgen-small",
            preview=True,
            deadline_ms=800.0,
            conform=False,
        ),
        rank=2,
        n_takes=3,
        score=0.75,
        measured=replace(
            MEASURED,
            seam_flux=1.1,
            seam_perplexity=0.9,
            confidence=0.4,
            tempo_confidence=0.6,
            stretch=1.05,
            turned_beats=2.0,
        ),
        codes_match=False,
    )
    assert ClipSidecar.from_json(made.to_json()) == made


def test_a_sidecar_of_the_first_version_is_still_read():
    content = json.loads(SIDECAR.to_json())
    for name in ("start", "negative", "mix", "takes", "hint", "rescore", "companion", "preview"):
        del content["request"][name]
    del content["request"]["deadline_ms"], content["request"]["conform"]
    for name in ("seam_flux", "seam_perplexity", "confidence"):
        del content["measured"][name]
    for name in ("tempo_confidence", "stretch", "turned_beats"):
        del content["measured"][name]
    for name in ("rank", "n_takes", "score", "codes_match"):
        del content[name]
    assert ClipSidecar.from_json(json.dumps(content)) == SIDECAR


def test_silence_has_no_loudness():
    silent = replace(SIDECAR, measured=replace(MEASURED, lufs=None, true_peak_dbtp=None))
    assert ClipSidecar.from_json(silent.to_json()) == silent


def test_a_number_that_json_cannot_hold_is_not_written():
    broken = replace(SIDECAR, measured=replace(MEASURED, lufs=float("-inf")))
    with pytest.raises(ValueError, match="JSON"):
        broken.to_json()


def test_the_request_that_makes_the_clip_again():
    again = SIDECAR.to_request(5)
    assert again == replace(
        REQUEST, id=5, model="embedded", preset="", seed=77, lane="", delivery="path"
    )


def test_a_take_is_made_again_alone_and_without_hurry():
    request = replace(REQUEST, takes=4, preview=True, deadline_ms=500.0, negative="hiss")
    again = replace(SIDECAR, request=request, seed=80).to_request(5)
    assert (again.takes, again.preview, again.deadline_ms, again.seed) == (1, False, None, 80)
    assert again.negative == "hiss"


def test_a_field_of_a_later_version_is_ignored():
    content = json.loads(SIDECAR.to_json())
    content["mood"] = "good"
    content["request"]["mood"] = 3
    content["measured"]["key"] = "A minor"
    assert ClipSidecar.from_json(json.dumps(content)) == SIDECAR


def test_a_later_schema_is_refused_with_what_to_do():
    content = {**json.loads(SIDECAR.to_json()), "schema": SCHEMA + 1}
    with pytest.raises(StorageFailed, match=r"later version.*update to open it"):
        ClipSidecar.from_json(json.dumps(content))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "null",
        '"text"',
        SIDECAR.to_json()[:-20],
        SIDECAR.to_json().replace('"seed": 77', '"sead": 77'),
        SIDECAR.to_json().replace('"7/8"', '"7/9"'),
        SIDECAR.to_json().replace("127.3", "1000.0"),
        SIDECAR.to_json().replace('"schema": 1', '"schema": "one"'),
        SIDECAR.to_json().replace('"start": null', '"start": {"how": "by magic", "clip": "c"}'),
        SIDECAR.to_json().replace('"hint": null', '"hint": 4'),
        SIDECAR.to_json().replace('"mix": []', '"mix": ["a"]'),
    ],
)
def test_a_damaged_sidecar_is_refused(text):
    with pytest.raises(StorageFailed):
        ClipSidecar.from_json(text)
