"""Presets fill in what a request leaves open, and a wrong one is named by file, line and field."""

from pathlib import Path

import pytest

from osc_server.contract.errors import BadRequest
from osc_server.contract.parsing import parse_generate
from osc_server.contract.requests import Hint
from osc_server.library.presets import PresetShelf, read_preset

REPOSITORY = Path(__file__).parents[3]


def preset(tmp_path, text, name="dusty"):
    path = tmp_path / f"{name}.toml"
    path.write_text(text)
    return path


GOOD = """
description = "For the second verse."
prompt = "dusty breakbeat"
bars = 2
bpm = 96.5
steps = [10, 5, 5, 5]
greedy = true
meter = "6/8"
"""


def test_a_preset_fills_in_what_the_sender_did_not_give(tmp_path):
    asked = parse_generate(["a", "preset", "dusty", "bpm", 120.0, "temperature", 2.0])
    filled = read_preset(preset(tmp_path, GOOD)).applied_to(asked)
    assert (filled.id, filled.prompt, filled.bars) == ("a", "dusty breakbeat", 2)
    assert filled.bpm == 120.0  # as given, although it is the default
    assert (filled.decoding.steps, filled.decoding.temperature) == ((10, 5, 5, 5), 2.0)
    assert str(filled.meter) == "6/8"


def test_a_length_that_the_sender_gives_replaces_the_presets_length(tmp_path):
    asked = parse_generate([1, "preset", "dusty", "seconds", 3.0])
    filled = read_preset(preset(tmp_path, GOOD)).applied_to(asked)
    assert (filled.seconds, filled.bars) == (3.0, None)


def test_a_preset_may_hold_what_is_said_of_the_making(tmp_path):
    text = 'prompt = "x"\nnegative = "hiss"\ntakes = 3\nhint = 2\nrescore = 0.5\npreview = true'
    filled = read_preset(preset(tmp_path, text)).applied_to(parse_generate([1, "preset", "dusty"]))
    assert (filled.negative, filled.takes, filled.rescore) == ("hiss", 3, 0.5)
    assert (filled.hint, filled.preview) == (Hint(beats=2.0), True)


def test_a_hint_that_the_sender_gives_replaces_the_presets_hint(tmp_path):
    asked = parse_generate([1, "preset", "dusty", "hint_seconds", 1.5])
    filled = read_preset(preset(tmp_path, 'prompt = "x"\nhint = 2')).applied_to(asked)
    assert filled.hint == Hint(seconds=1.5)


def test_a_mix_replaces_the_presets_prompt(tmp_path):
    asked = parse_generate([1, "preset", "dusty", "prompt", "a b", 1, "prompt", "c", 1])
    filled = read_preset(preset(tmp_path, GOOD)).applied_to(asked)
    assert (filled.prompt, len(filled.mix)) == ("", 2)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('prompt = "x"\ndeadline = 500', r"line 2: unknown field 'deadline'"),
        ('prompt = "x"\nfrom_bar = 1', r"line 2: unknown field 'from_bar'"),
        ('prompt = "x"\ntakes = 9', r"line 2, takes: takes 9 is out of range"),
        ('prompt = "x"\nhint = 2\nhint_seconds = 1', r"give the hint once"),
        ('prompt = "x"\nbpn = 120', r"dusty\.toml, line 2: unknown field 'bpn'; did you mean bpm"),
        ('prompt = "x"\n\nbpm = 1000', r"dusty\.toml, line 3, bpm: .* out of range: 20 to 400"),
        ('prompt = "x"\nloop = "often"', r"line 2, loop: "),
        ('prompt = "x"\nbars = [1, 2]', r"line 2, bars: takes one value"),
        ('prompt = "x"\nlane = "a"', r"line 2: unknown field 'lane'"),
        ('prompt = "x"\n[decoding]\nsteps = 3', r"line 2: unknown field 'decoding'"),
        ('prompt = "x"\nbars = 1\nbeats = 2', r"dusty\.toml: give the length once"),
        ('prompt = "x"\nbars = = 1', r"dusty\.toml: .*line 2"),
        ('name = "other"\nprompt = "x"', r"line 1: name must be the file's own name, 'dusty'"),
        ("prompt = 1979-05-27", r"line 1, prompt: "),
    ],
)
def test_a_wrong_preset_is_named_by_file_line_and_field(tmp_path, text, sentence):
    with pytest.raises(BadRequest, match=sentence):
        read_preset(preset(tmp_path, text))


def test_an_unknown_preset_is_refused_with_the_nearest(tmp_path):
    preset(tmp_path, GOOD)
    with pytest.raises(BadRequest, match="did you mean dusty"):
        PresetShelf([tmp_path]).get("dustyy")


def test_a_wrong_file_does_not_hide_the_good_ones(tmp_path):
    preset(tmp_path, GOOD)
    preset(tmp_path, "bpm = 1", name="broken")
    presets, problems = PresetShelf([tmp_path]).all()
    assert [found.name for found in presets] == ["dusty"]
    assert "broken.toml, line 1" in problems[0]


def test_a_users_own_preset_hides_the_built_in_one_of_that_name(tmp_path):
    own, built_in = tmp_path / "own", tmp_path / "built-in"
    own.mkdir(), built_in.mkdir()
    preset(own, 'prompt = "mine"')
    preset(built_in, GOOD)
    assert PresetShelf([own, built_in]).get("dusty").request.prompt == "mine"


def test_every_preset_of_the_product_is_good():
    presets, problems = PresetShelf([REPOSITORY / "presets"]).all()
    assert problems == []
    assert presets
    assert all(found.description and found.request.prompt for found in presets)
