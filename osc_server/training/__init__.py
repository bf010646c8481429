"""Makes the embedded model again from nothing: corpus, codec, network, evaluation."""
