"""Tests of daw_bridge.live."""
