"""Tests of daw_bridge.delivery."""
