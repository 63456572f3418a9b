"""Tracks: one recipe along training, made of saved results or of checkpoints audited now. Needs no torch."""
