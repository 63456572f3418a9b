"""Checkpoint files: from a stranger's file to named tensors that fit a network."""
