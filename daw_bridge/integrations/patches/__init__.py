"""Makes the Max for Live device and the Max package: ``python -m daw_bridge.integrations.patches``.

The patches that are installed lie in ``ableton/`` and ``max/``; they are made, never edited.
"""
