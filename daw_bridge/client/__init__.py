"""The public Python client of the OSC server."""
