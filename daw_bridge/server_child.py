"""Runs the server so that it never outlives the bridge, however that ends.

``python -m daw_bridge.server_child …`` takes the arguments of ``magnet-server``. The bridge holds
the other end of its standard input: when the bridge is gone, even by ``kill -9``, the input ends
and the server is told to end as by SIGTERM. This runs in the server's process, not the bridge's.
"""

from __future__ import annotations

import os
import runpy
import signal
import threading

from daw_bridge.audio.favour import stand_back

_STANDARD_INPUT = 0


def main() -> None:
    """Run the server's command line."""
    stand_back()
    threading.Thread(target=_end_with_the_bridge, name="watch the bridge", daemon=True).start()
    runpy.run_module("osc_server.cli", run_name="__main__", alter_sys=True)


def _end_with_the_bridge() -> None:
    # os.read and not sys.stdin, whose lock would be held when the interpreter ends.
    while os.read(_STANDARD_INPUT, 1):
        pass
    signal.raise_signal(getattr(signal, "SIGBREAK", signal.SIGTERM))


if __name__ == "__main__":
    main()
