"""Tests of daw_bridge.audio."""
