"""Putting what lives inside the hosts where each host looks for it, and taking it away again."""
