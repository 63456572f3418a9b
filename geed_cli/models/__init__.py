"""Models: from a name, a spec or a checkpoint to a network with known weights and a known split."""
