"""What both processes share: addresses, requests, replies, packets, clips, musical time, errors.

Imports the standard library, numpy and pythonosc only. It is all that daw_bridge may import.
"""
