"""What audiocraft decodes, for checkpoints and cases of every kind, and how it was made.

``python -m tests.osc_server.magnet.reference`` makes ``tests/golden/cases.npz`` again where
audiocraft is installed, or where ``AUDIOCRAFT`` names a checkout of its source.
"""
