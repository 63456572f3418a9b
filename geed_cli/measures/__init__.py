"""The integrands m of eq. (4), one measure a module, as functions of tensors; ``catalogue`` describes them.

Symbols: n = |G| orbit members, B images, k features, C×H×W maps. Reductions are in float64. Larger always means
further from invariance; similarities enter with a minus sign.
"""
