"""Measures, each with its integrand m of eq. (4), and controls; ``catalogue`` and ``control`` list them.

Symbols: n = |G| orbit members, B images, k features, C×H×W maps. Reductions are in float64. Larger always means
further from invariance; similarities enter with a minus sign.
"""
