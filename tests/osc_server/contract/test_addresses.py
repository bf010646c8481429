"""The table agrees with the records, and the page and the help are made from it."""

import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest

from osc_server.contract.addresses import REPLIES, REQUESTS
from osc_server.contract.clip_names import GENERATE
from osc_server.contract.errors import BadRequest
from osc_server.contract.help_lines import help_lines
from osc_server.contract.reference import reference_page
from osc_server.contract.replies import Reply
from osc_server.contract.requests import DecodingOptions, GenerateClip, Hint, Request, Start

PAGE = Path(__file__).parents[3] / "docs" / "osc.md"


def test_every_request_record_has_one_row_for_each_way_to_start():
    kinds = [(row.record, row.start) for row in REQUESTS]
    assert len(set(kinds)) == len(kinds)
    assert {record for record, _ in kinds} == set(get_args(Request))
    starts = {start for record, start in kinds if record is GenerateClip}
    assert starts == {None, *get_args(Start)}


def test_every_reply_record_has_one_row():
    assert sorted(row.record.__name__ for row in REPLIES) == sorted(
        record.__name__ for record in get_args(Reply)
    )


def test_addresses_are_unique():
    addresses = [row.address for row in (*REQUESTS, *REPLIES)]
    assert len(set(addresses)) == len(addresses)


def test_every_answer_of_a_request_is_a_reply():
    known = {row.address for row in REPLIES}
    assert all(f"/magnet/{answer}" in known for row in REQUESTS for answer in row.answers)


@pytest.mark.parametrize("row", REQUESTS, ids=lambda row: row.address)
def test_names_fill_every_field_of_the_request(row):
    filled = {p.attribute or p.name for p in row.named}
    record = {field.name for field in fields(row.record)} - {"id", "given"}
    if row.record is GenerateClip:
        inner = {"decoding": DecodingOptions, "hint": Hint}
        inner |= {"start": row.start} if row.start else {}
        record -= {"start", *inner}
        record |= {f"{name}.{f.name}" for name, kind in inner.items() for f in fields(kind)}
    assert filled == record


@pytest.mark.parametrize("row", [row for row in REQUESTS if row.start], ids=lambda row: row.address)
def test_what_starts_from_a_clip_takes_all_that_generate_takes(row):
    names = [parameter.name for parameter in row.named]
    assert names[0] == "clip"
    assert {parameter.name for parameter in GENERATE} < set(names)


@pytest.mark.parametrize("row", REPLIES, ids=lambda row: row.address)
def test_reply_fields_are_in_the_order_of_the_record(row):
    written = [parameter.name for parameter in (*row.positional, *row.named)]
    record = [field.name for field in fields(row.record)]
    assert len(written) == len(record)
    assert all(name.startswith(short) for name, short in zip(record, written, strict=True))


@pytest.mark.parametrize("row", [*REQUESTS, *REPLIES], ids=lambda row: row.address)
def test_everything_in_the_table_is_explained(row):
    assert row.doc[-1] in ".?"
    assert all(parameter.doc for parameter in (*row.positional, *row.named))


def test_the_reference_page_is_current():
    assert PAGE.read_text(encoding="utf-8") == reference_page()


def test_the_reference_page_is_made_by_its_command():
    command = [sys.executable, "-m", "osc_server.contract.reference"]
    made = subprocess.run(command, capture_output=True, check=True, cwd=PAGE.parents[1]).stdout
    assert made.decode() == reference_page()


def test_the_reference_page_names_every_address_and_parameter():
    page = reference_page()
    for row in (*REQUESTS, *REPLIES):
        assert f"`{row.address} " in page
        assert all(f"`{parameter.name}`" in page for parameter in row.named)


def test_help_lists_every_request():
    assert [line.split()[0] for line in help_lines()] == [row.address for row in REQUESTS]


@pytest.mark.parametrize("topic", ["generate", "/magnet/generate"])
def test_help_on_generate_names_all_it_takes(topic):
    lines = help_lines(topic)
    assert len(lines) == 1 + len(REQUESTS[0].named)
    assert "bpm: tempo, never rounded; 20 to 400 quarter notes a minute; default 120" in lines


def test_help_on_nothing_suggests_the_nearest():
    with pytest.raises(BadRequest, match="did you mean generate"):
        help_lines("generat")
