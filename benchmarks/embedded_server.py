"""What the embedded model takes through the server: whole loops, first previews, short deadlines.

    python benchmarks/embedded_server.py [--out FILE] [--loops 12] [--tries 6] [--model embedded]

Starts ``magnet-server`` on loopback and asks it for loops of four bars at 120 BPM, one after
another, from before ``generate`` is sent until ``ready``, ``preview`` or both are there, with all
that lies between: queue, worker, drawing, codec, loudness, tempo, seam, files. Others on the
machine can only make it slower, so beside the median stands the least, and the processor seconds of
all the server's processes, where the system tells them (Linux).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from accepted_latency import Peer, server

PROMPTS = ("dusty breakbeat", "warm sub bass", "rhodes chords", "house drums", "plucked arpeggio")
LOOP_SECONDS = 8.0
DEADLINES_MS = (3000, 2000, 1500, 1200, 1000, 800, 700, 600, 500, 400, 300)
QUIET_SECONDS = 4.0  # in which the server tries its model out
ENOUGH = 0.5  # share of the tries from which shorter deadlines are worth trying

Record = dict[str, Any]


class Asking:
    """One client that asks for loops and looks at the clock."""

    def __init__(self, port: int, processor_seconds: Callable[[], float | None]) -> None:
        self._peer = Peer(port, "tcp")
        self._processor_seconds = processor_seconds
        self._number = 0

    def loop(self, *options: float | str) -> Record:
        """Ask for the next loop; seconds until it was ready and its preview was there."""
        self._number += 1
        prompt = PROMPTS[self._number % len(PROMPTS)]
        used, begun = self._processor_seconds(), time.perf_counter()
        musical = ("prompt", prompt, "bars", 4, "bpm", 120.0, "seed", self._number)
        self._peer.send("generate", self._number, *musical, *options)
        heard: Record = {}
        while "ready" not in heard:
            for verb, args in self._peer.received():
                if verb == "failed":
                    if args[1] != "late":
                        raise SystemExit(f"refused: {args}")
                    return {"ready": float("inf")}
                heard.setdefault(verb, time.perf_counter() - begun)
        now = self._processor_seconds()
        if used is not None and now is not None:
            heard["processor"] = now - used
        return heard


def loops(asking: Asking, n_loops: int) -> Record:
    """Whole loops without and with a preview, in turn."""
    for _ in range(3):
        asking.loop()
    plain, previewed = [], []
    for _ in range(n_loops):
        plain.append(asking.loop())
        previewed.append(asking.loop("preview", 1))
    ready = [heard["ready"] for heard in plain]
    preview = [heard["preview"] for heard in previewed]
    record: Record = {
        "loops": n_loops,
        "ready_s": _median(ready),
        "ready_least_s": round(min(ready), 3),
        "rtf": round(statistics.median(ready) / LOOP_SECONDS, 3),
        "rtf_least": round(min(ready) / LOOP_SECONDS, 3),
        "preview_s": _median(preview),
        "preview_least_s": round(min(preview), 3),
    }
    used = [heard["processor"] for heard in plain if "processor" in heard]
    if used:
        record["processor_s"] = _median(used)
        record["processor_least_s"] = round(min(used), 3)
    return record


def deadlines(asking: Asking, n_tries: int) -> list[Record]:
    """How often each deadline is kept, from the longest to the first that mostly is not."""
    rows: list[Record] = []
    for deadline_ms in DEADLINES_MS:
        ready = [asking.loop("deadline", deadline_ms)["ready"] for _ in range(n_tries)]
        kept = sum(seconds <= deadline_ms / 1000 for seconds in ready)
        rows.append(
            {
                "deadline_ms": deadline_ms,
                "tries": n_tries,
                "kept": kept,
                "ready_s": _median([seconds for seconds in ready if seconds != float("inf")]),
            }
        )
        if kept < ENOUGH * n_tries:
            break
    return rows


def least_kept(rows: Sequence[Record]) -> int | None:
    """The shortest deadline that was kept each time, as were all longer ones."""
    least = None
    for row in rows:
        if row["kept"] < row["tries"]:
            break
        least = row["deadline_ms"]
    return least


def processor_seconds(pid: int) -> float | None:
    """Of a process and all below it, since they began; None where the system has no ``/proc``."""
    times: dict[int, tuple[int, float]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text("utf-8", "replace").rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        times[int(path.parent.name)] = (int(fields[1]), float(fields[11]) + float(fields[12]))
    if pid not in times:
        return None
    family, size = {pid}, 0
    while len(family) > size:
        size = len(family)
        family |= {child for child, (parent, _) in times.items() if parent in family}
    return sum(times[member][1] for member in family) / os.sysconf("SC_CLK_TCK")


@contextmanager
def asking_a_server(model: str, *flags: str) -> Iterator[Asking]:
    """A server that has tried its model out."""
    with tempfile.TemporaryDirectory() as folder, server(model, Path(folder), *flags) as found:
        asking = Asking(found.port, lambda: processor_seconds(found.pid))
        asking.loop()
        time.sleep(QUIET_SECONDS)
        yield asking


def measure(model: str, n_loops: int, n_tries: int) -> Record:
    """All of it with one server, and the loops with one that computes in float32 throughout."""
    with asking_a_server(model) as asking:
        record: Record = {"model": model, **_processor(), **loops(asking, n_loops)}
        record["load_average"] = round(os.getloadavg()[0], 1)
        rows = deadlines(asking, n_tries)
    with asking_a_server(model, "--precision=float32") as asking:
        float32 = loops(asking, n_loops)
    return record | {"deadlines": rows, "least_kept_ms": least_kept(rows), "float32": float32}


def _processor() -> Record:
    names = [line.partition(":")[2].strip() for line in _cpu_lines() if "model name" in line]
    name = names[0] if names else platform.processor() or platform.machine()
    return {"processor_name": name, "cores": os.cpu_count()}


def _cpu_lines() -> list[str]:
    found = Path("/proc/cpuinfo")
    return found.read_text("utf-8").splitlines() if found.is_file() else []


def _median(values: Sequence[float]) -> float | None:
    return round(statistics.median(values), 3) if values else None


def main() -> int:
    """Measure and write it down."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default=str(Path(__file__).parent / "results-server.json"))
    parser.add_argument("--model", default="embedded")
    parser.add_argument("--loops", type=int, default=12)
    parser.add_argument("--tries", type=int, default=6)
    options = parser.parse_args()
    record = measure(options.model, options.loops, options.tries)
    Path(options.out).write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    print(json.dumps(record, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
