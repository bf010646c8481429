"""Measures a model by what it plays: kind of sound, tempo, notes, seams, and its codec.

``python -m osc_server.training.evaluation --help`` runs it and writes the report. Every estimator
is first measured itself, on corpus clips whose answer is known.
"""
