"""Write the layouts into ``touchosc/``, ``open_stage_control/`` and ``realearn/``."""

from __future__ import annotations

from daw_bridge.integrations.surfaces import INTEGRATIONS
from daw_bridge.integrations.surfaces.making import files


def main() -> None:
    """Make all of them anew."""
    for path, content in files().items():
        target = INTEGRATIONS / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


if __name__ == "__main__":
    main()
