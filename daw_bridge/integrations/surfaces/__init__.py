"""Makes what surfaces show: ``python -m daw_bridge.integrations.surfaces``.

The layouts for TouchOSC and Open Stage Control come from one description, and their addresses are
looked up in the fader table. They lie in ``touchosc/``, ``open_stage_control/`` and ``realearn/``;
they are made, never edited.
"""

from __future__ import annotations

from pathlib import Path

INTEGRATIONS = Path(__file__).parents[1]
