"""Project files of Reaper, read back with a library that is not ours."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import rpp
import soundfile

from daw_bridge.client.clip_result import ClipResult
from daw_bridge.reaper.rpp_map import Point, RppMap
from daw_bridge.reaper.rpp_sink import RppSink
from daw_bridge.reaper.rpp_text import quoted
from osc_server.contract.errors import BadRequest, StorageFailed
from osc_server.contract.musical_time import Meter, beats_to_samples
from tests.daw_bridge.programs import run
from tests.daw_bridge.servers import running_server

PROJECT = """<REAPER_PROJECT 0.1 "7.22/linux-x86_64" 1764240000
  <NOTES 0 2
    |<not a block: somebody's words
    |>
  >
  RIPPLE 0
  RECORD_PATH "Media" ""
  SAMPLERATE 44100 1 0
  TEMPO 120 4 4
  <TEMPOENVEX
    EGUID {6E1A4F2B-0A55-4A52-BB7A-8F5C34A01D11}
    ACT 1 -1
    DEFSHAPE 1 -1 -1
    PT 0 120 1 262148 0 1
    PT 8 90 0 262147 1 0
    PT 20 96 1
  >
  MARKER 3 4 "Verse one" 0
  <TRACK {0C4A54E3-51D4-4E0F-8F2A-9D6B8D6F9A01}
    NAME "Live drums"
    PEAKCOL 16576
    VOLPAN 0.8 0 -1 -1 1
    <FXCHAIN
      SHOW 0
      <VST "VST: ReaComp (Cockos)" reacomp.vst.so 0 "" 1919247213<5653547265636D7265616> ""
        bWNlcu9e7f4EAAAAAQAAAAAAAAACAAAAAAAAAAQAAAAA>QAAAA=
        c29tZSBtb3JlIG9mIGl0
      >
      WAK 0 0
    >
    <ITEM
      POSITION 0
      LENGTH 3.9
      NAME 'a "quoted" take'
      <SOURCE WAVE
        FILE "Media/drums one.wav"
      >
    >
  >
  <TRACK {7B1C0C52-6B9B-4B1D-9C77-0A8B6E0F2C02}
    NAME Bass
  >
  <EXTENSIONS
    <S&M_SUBS
    >
  >
>
"""


def make_clip(
    folder: Path, beats: int = 16, bpm: float = 120.0, rate_hz: int = 44100, name: str = "abc"
) -> ClipResult:
    n_samples = beats_to_samples(beats, bpm, rate_hz)
    path = folder / "library" / f"{name}.wav"
    path.parent.mkdir(exist_ok=True)
    soundfile.write(path, np.linspace(-0.5, 0.5, n_samples, dtype=np.float32), rate_hz)
    return ClipResult(
        id=name,
        prompt='dusty "breakbeat"',
        path=path,
        seconds=n_samples / rate_hz,
        bars=beats / 4,
        beats=Fraction(beats),
        bpm=bpm,
        bpm_measured=bpm,
        seam=1.0,
        lufs=-14.0,
        seed=7,
        rate_hz=rate_hz,
        rtf=0.4,
        notes="",
    )


def fields(element: rpp.Element) -> dict[str, list[str]]:
    return {child[0]: child[1:] for child in element if isinstance(child, list)}


def items(path: Path, track: str) -> list[rpp.Element]:
    """Items of a track, as the other library reads them."""
    project = rpp.loads(path.read_text())
    (found,) = [each for each in project.findall("TRACK") if fields(each)["NAME"] == [track]]
    return found.findall("ITEM")


def test_a_new_project_has_the_tempo_the_rate_and_the_clip_on_its_bar(tmp_path: Path) -> None:
    path = tmp_path / "song.rpp"
    clip = make_clip(tmp_path, beats=12, bpm=128.5, rate_hz=96000)
    where = RppSink(path, "My drums", 3, Meter(3, 4), marker=True).deliver(clip)
    assert where == 'track "My drums", bar 3 of song.rpp'
    top = fields(rpp.loads(path.read_text()))
    assert top["TEMPO"] == ["128.5", "3", "4"]
    assert top["SAMPLERATE"] == ["96000", "1", "0"]
    (item,) = items(path, "My drums")
    values = fields(item)
    assert float(values["POSITION"][0]) * 96000 == pytest.approx(
        beats_to_samples(6, 128.5, 96000), abs=1e-6
    )
    assert float(values["LENGTH"][0]) * 96000 == pytest.approx(clip.seconds * 96000, abs=1 + 1e-6)
    assert values["LOOP"] == ["1"]
    assert values["PLAYRATE"][:2] == ["1", "0"]
    assert values["NAME"] == ['dusty "breakbeat"']
    (file,) = fields(item.find("SOURCE"))["FILE"]
    assert (path.parent / file).read_bytes() == clip.path.read_bytes()
    assert top["MARKER"][1:] == [values["POSITION"][0], 'dusty "breakbeat"', "0"]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("track", ["Bass", "Live drums", "New one"])
def test_everything_that_a_project_had_stays_byte_for_byte(
    tmp_path: Path, newline: str, track: str
) -> None:
    path = tmp_path / "song.rpp"
    before = PROJECT.replace("\n", newline).encode()
    path.write_bytes(before)
    RppSink(path, track, 2).deliver(make_clip(tmp_path, beats=4))
    after = path.read_bytes()
    assert path.with_name("song.rpp-bak").read_bytes() == before
    left = iter(after.splitlines(keepends=True))
    assert all(any(line == other for other in left) for line in before.splitlines(keepends=True))
    begin = after.index(b"<ITEM", after.index(b"Bass") if track != "Live drums" else 0)
    assert begin > 0
    assert {line[-2:] == b"\r\n" for line in after.splitlines(keepends=True)} == {newline == "\r\n"}
    assert len(items(path, track)) == (2 if track == "Live drums" else 1)
    (file,) = fields(items(path, track)[-1].find("SOURCE"))["FILE"]
    assert file.startswith("Media/")
    assert (tmp_path / file).exists()


def test_clips_go_one_behind_the_other_from_the_first_free_bar(tmp_path: Path) -> None:
    path = tmp_path / "song.rpp"
    path.write_text(PROJECT)
    for name in ("one", "two"):
        RppSink(path, "Live drums").deliver(make_clip(tmp_path, beats=4, name=name))
    positions = [float(fields(item)["POSITION"][0]) for item in items(path, "Live drums")]
    assert positions == [0, 4, 6]


def test_a_bar_behind_a_change_of_tempo_and_meter_is_found(tmp_path: Path) -> None:
    path = tmp_path / "song.rpp"
    path.write_text(PROJECT)
    # Four bars of 4/4 take 8 s; then 3/4 glides from 90 to 96 in 12 s, 18.6 beats; then 96 holds.
    start = 20 + (21 - 18.6) * 60 / 96
    clip = make_clip(tmp_path, beats=6, bpm=96)
    assert RppSink(path, "Bass", 12).deliver(clip) == 'track "Bass", bar 12 of song.rpp'
    (item,) = items(path, "Bass")
    assert float(fields(item)["POSITION"][0]) * 44100 == pytest.approx(round(start * 44100))


def test_a_clip_of_another_tempo_is_refused_with_the_tempo_that_fits(tmp_path: Path) -> None:
    path = tmp_path / "song.rpp"
    path.write_text(PROJECT)
    with pytest.raises(BadRequest, match=r"120 BPM at bar 1, the clip 128.5: .*--bpm 120"):
        RppSink(path, "Bass", 1).deliver(make_clip(tmp_path, beats=4, bpm=128.5))
    assert path.read_text() == PROJECT
    assert not path.with_name("song.rpp-bak").exists()


def test_a_file_that_is_no_whole_project_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "song.rpp"
    path.write_text(PROJECT[:-2])
    with pytest.raises(BadRequest, match="no whole Reaper project"):
        RppSink(path, "Bass").deliver(make_clip(tmp_path))
    with pytest.raises(BadRequest, match=r"must end in \.rpp"):
        RppSink(tmp_path / "song.txt", "Bass")


def test_a_project_that_is_saved_in_the_same_moment_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "song.rpp"
    path.write_text(PROJECT)
    clip = make_clip(tmp_path, beats=4)
    sink = RppSink(path, "Bass")
    save = sink._save
    monkeypatch.setattr(
        sink, "_save", lambda *args: (path.write_text(PROJECT + "\n"), save(*args))[1]
    )
    with pytest.raises(StorageFailed, match="saved by somebody else"):
        sink.deliver(clip)
    assert path.read_text() == PROJECT + "\n"


@pytest.mark.parametrize("text", ["plain", 'a "b"', "it's", 'it\'s "so"', 'all `of` "it\'s"', ""])
def test_quoted_words_are_read_back_by_the_other_library(text: str) -> None:
    project = rpp.loads(f"<REAPER_PROJECT 0.1\n  NAME {quoted(text)}\n>\n")
    assert fields(project)["NAME"] == [text.replace("`", "'") if "`" in text else text]


def test_beats_and_seconds_of_a_gliding_map_go_there_and_back() -> None:
    tempo = RppMap([Point(0, 100, held=False, meter=(4, 4)), Point(9, 140), Point(12, 90)])
    assert tempo.beats_at(9) == pytest.approx(18)
    for beats in (0, 1, 7.25, 17.9, 18, 20, 30):
        assert tempo.beats_at(tempo.seconds_at(beats)) == pytest.approx(beats)


def test_the_command_puts_the_newest_clip_into_a_project(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        made = ["--port", str(server.port), "--bars", "2", "--bpm", "93", "--rate", "44100"]
        assert run(tmp_path, "generate", "dusty breakbeat", *made)[0] == 0
        code, said = run(
            tmp_path, "reaper", "rpp", "song.rpp", "--port", str(server.port), "--track", "Keys"
        )
        (sidecar,) = server.clips.glob("*.json")
        landed = sidecar.read_text()
    assert code == 0, said
    assert 'track "Keys", bar 1 of song.rpp' in said
    assert "bar 1 of song.rpp" in landed
    (item,) = items(tmp_path / "song.rpp", "Keys")
    assert fields(item)["NAME"] == ["dusty breakbeat"]
    assert float(fields(item)["LENGTH"][0]) == pytest.approx(8 * 60 / 93, abs=1 / 44100)
