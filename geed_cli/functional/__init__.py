"""Measures as functions on tensors (n, B, …), for loops of one's own: n elements of an orbit, B images."""
