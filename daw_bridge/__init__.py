"""Faces the DAW: musical time, audio, decks, the client. Imports osc_server.contract and nothing else of it."""
