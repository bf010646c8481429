"""Where a finished clip lands: a deck or a folder."""
