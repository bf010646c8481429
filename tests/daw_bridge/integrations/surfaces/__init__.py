"""Tests of daw_bridge.integrations.surfaces."""
