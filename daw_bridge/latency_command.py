"""``magnet-bridge latency``: what to set ``--input-latency`` to, measured."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import typer
from rich.console import Console

from daw_bridge.audio.latency_meter import N_SWEEPS
from daw_bridge.config import BridgeConfig, load_config, own_settings
from daw_bridge.flags import Block, Config, HostApi, Input, Inputs, Output, OutputRate, Outputs
from daw_bridge.session.latency import measure_latency

Run = Callable[[Coroutine[Any, Any, Any]], Any]
"""Runs work to its end, or until Ctrl-C."""
_STEADY_MS = 1.0


def add_latency_command(app: typer.Typer, run: Run, console: Callable[[], Console]) -> None:
    """Add ``latency``.

    Args:
        app: the front door.
        run: runs what a command does.
        console: makes the terminal that it writes to.
    """

    @app.command()
    def latency(  # noqa: PLR0913 - one argument a flag is how typer reads a command line
        output: Output = None,
        host_api: HostApi = None,
        outputs: Outputs = None,
        output_rate: OutputRate = None,
        block: Block = None,
        input: Input = None,  # the flag's name
        inputs: Inputs = None,
        config: Config = None,
    ) -> None:
        """Measure --input-latency: connect the output with the input, and turn speakers down."""
        named = {"output": output, "host_api": host_api, "outputs": outputs, "block": block}
        named |= {"output_rate": output_rate, "input": input, "inputs": inputs}
        run(_measure(load_config(named, file=config), console()))


async def _measure(config: BridgeConfig, screen: Console) -> None:
    def say(sentence: str, style: str | None = None) -> None:
        screen.print(sentence, style=style, markup=False, soft_wrap=True)

    report = await measure_latency(config, say)
    say(f"listened to {report.listening}")
    say(
        f"it comes in {report.latency_ms:.2f} ms later than that "
        f"({report.n_found} of {N_SWEEPS} sweeps, within {report.spread_ms:.2f} ms)"
    )
    if report.spread_ms > _STEADY_MS:
        say("the way is not steady: close other programs, or take a larger --block", "yellow")
    if report.is_clipped:
        say("it came in too loud to be whole: turn the input down and measure again", "yellow")
    say(f"use it: --input-latency {report.latency_ms:.2f}")
    say(f"keep it: input-latency = {report.latency_ms:.2f} in {own_settings()}", "dim")
