"""Models: from a name or a spec to a network with known weights and a known split."""
