"""monome grids: found through serialosc, they play the panel."""
