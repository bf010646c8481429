"""The model: network, decoding, conditioning, codecs, checkpoints. The room with torch in it."""
