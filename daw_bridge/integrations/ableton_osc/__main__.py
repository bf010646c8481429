"""Bring Live's tempo and transport to the bridge until Ctrl-C."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated

import typer

from daw_bridge.integrations.ableton_osc.relay import BEAT, PLAYING, TEMPO, Relay
from osc_server.contract.addresses import DEFAULT_PORT
from osc_server.contract.errors import MagnetError


def main(
    port: Annotated[int, typer.Option(help="the bridge's front port")] = DEFAULT_PORT,
    beats: Annotated[
        bool, typer.Option(help="bring beats over too, up to 0.1 s late: Link is better")
    ] = False,
) -> None:
    """Bring Live's tempo, start and stop from AbletonOSC to the bridge."""
    try:
        relay = Relay((TEMPO, PLAYING, BEAT) if beats else (TEMPO, PLAYING), port)
    except MagnetError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    with suppress(KeyboardInterrupt):
        while True:
            relay.step()
    relay.close()


if __name__ == "__main__":
    typer.run(main)
