"""Hosts MAGNeT behind OSC. Knows no DAW; nothing here imports daw_bridge."""
