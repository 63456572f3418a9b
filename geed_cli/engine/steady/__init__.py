"""Whether a network is a function of one image: the first image shown again, and a verdict where it moved.

docs/controls.md says what is shown when, how a movement is told from rounding, and what randomness may be missed.
"""
