"""Tests of daw_bridge.query."""
