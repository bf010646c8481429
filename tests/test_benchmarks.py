"""The benchmarks run from end to end on tiny shapes, and the report says what was not measured."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"


def run(script, *flags):
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "AUDIOCRAFT": ""}
    command = [sys.executable, str(FOLDER / script), *flags]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True)


@pytest.fixture(scope="module")
def gpu_results(tmp_path_factory):
    path = tmp_path_factory.mktemp("benchmarks") / "results-gpu.json"
    run("gpu.py", "--tiny", "--out", str(path))
    return path.read_text()


def test_the_gpu_benchmark_measures_every_part_and_names_what_it_could_not(gpu_results):
    record = json.loads(gpu_results)
    parts = ("clip", "agreement", "preview", "plain_clip", "steps")
    assert all(f"{part}_{name}" in record for part in parts for name in ("small", "medium"))
    assert [row["batch"] for row in record["crowd_small"]] == [1, 2]
    assert record["not_measured"]["audiocraft_small"] == "no checkout given"
    for stage in (0, 1):
        assert record["agreement_small"][f"fast_stage_{stage}"]["logit_error"] < 0.05


def test_the_cpu_benchmark_compares_precisions_step_by_step(tmp_path):
    out = tmp_path / "cpu.json"
    flags = ("--tiny", "--threads", "1", "--only", "clips,distance", "--out", str(out))
    run("cpu.py", *flags)
    record = json.loads(out.read_text())
    assert record["not_measured"] == {}
    assert record["clips"]["audiocraft"].startswith("not measured")
    assert all(record["clips"][precision]["cpu_s"] > 0 for precision in ("float32", "int8"))


@pytest.mark.parametrize("results", ["{}", None])
def test_a_report_of_nothing_says_not_measured(tmp_path, monkeypatch, results):
    monkeypatch.syspath_prepend(str(FOLDER))
    import report

    monkeypatch.setattr(report, "HERE", tmp_path)
    monkeypatch.setattr(report, "RESULTS", tmp_path / "results.json")
    monkeypatch.setattr(report, "PAGE", tmp_path / "page.md")
    if results is not None:
        (tmp_path / "results.json").write_text(results)
    assert report.main() == 0
    assert (tmp_path / "page.md").read_text().lower().count("not measured") >= 5


def test_a_new_report_keeps_what_was_measured_elsewhere(tmp_path, monkeypatch, gpu_results):
    monkeypatch.syspath_prepend(str(FOLDER))
    import report

    (tmp_path / "results-gpu.json").write_text(gpu_results)
    monkeypatch.setattr(report, "HERE", tmp_path)
    monkeypatch.setattr(report, "RESULTS", tmp_path / "results.json")
    monkeypatch.setattr(report, "PAGE", tmp_path / "page.md")
    report.main()
    (tmp_path / "results-gpu.json").unlink()
    first = (tmp_path / "page.md").read_text()
    report.main()
    assert (tmp_path / "page.md").read_text() == first
    assert "| ours, ms |" in first


def test_the_server_benchmark_asks_for_loops_previews_and_deadlines(tmp_path):
    out = tmp_path / "server.json"
    run("embedded_server.py", "--model", "tone:0.001", "--loops=1", "--tries=1", "--out", str(out))
    record = json.loads(out.read_text())
    assert record["preview_s"] > 0
    assert record["rtf_least"] == pytest.approx(record["ready_least_s"] / 8, abs=0.001)
    assert record["deadlines"][0]["deadline_ms"] == 3000


def test_the_least_deadline_is_one_that_was_kept_each_time_as_were_all_longer_ones(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    from embedded_server import least_kept

    rows = [{"deadline_ms": ms, "tries": 4, "kept": n} for ms, n in ((2, 4), (1, 3), (0.5, 4))]
    assert least_kept(rows) == 2
    assert least_kept(rows[1:]) is None
