"""Tests of daw_bridge, laid out like it."""
