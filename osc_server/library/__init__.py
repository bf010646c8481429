"""What is kept on disk: clips with their sidecars and codes, and presets."""
