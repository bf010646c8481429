"""Beside Reaper: hears its scripts through a folder, and writes its project files."""
