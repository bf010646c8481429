"""The procedurally synthesised, captioned corpus from which the embedded model is trained."""
