"""Faces the DAW: musical time, audio, decks, the client.

Of osc_server it imports osc_server.contract and nothing else.
"""
