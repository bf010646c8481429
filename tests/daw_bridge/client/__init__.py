"""Tests of daw_bridge.client."""
