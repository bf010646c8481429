"""The sidecar keeps everything that made a clip, and makes the request for it again."""

import json
from dataclasses import replace

import pytest

from osc_server.contract.clip import SCHEMA, ClipSidecar, Measured
from osc_server.contract.errors import StorageFailed
from osc_server.contract.musical_time import Meter
from osc_server.contract.requests import DecodingOptions, GenerateClip

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


def test_a_field_of_a_later_version_is_ignored():
    content = json.loads(SIDECAR.to_json())
    content["mood"] = "good"
    content["request"]["takes"] = 3
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
    ],
)
def test_a_damaged_sidecar_is_refused(text):
    with pytest.raises(StorageFailed):
        ClipSidecar.from_json(text)
