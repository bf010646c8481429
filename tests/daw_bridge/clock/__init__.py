"""Tests of daw_bridge.clock."""
