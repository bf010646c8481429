"""Tests of daw_bridge.grid."""
