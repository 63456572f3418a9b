"""A slow second implementation of the G-EED measures: the oracle that the package is tested against.

Written from the definitions alone: one image at a time, float64, no batches, its own group action from
coordinate arithmetic. It imports nothing of the package, so no mistake in a convention is shared with it.
Planar elements are pairs (turn, mirror) and the identity is always element 0 of a group.
"""
