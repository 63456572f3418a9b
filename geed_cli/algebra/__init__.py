"""Finite groups, their elements, and how the elements act on images and hidden maps.

``transform`` (one element of the plane's symmetries), ``group`` (Cayley tables) and ``catalogue`` (names) need no
torch; ``action``, ``view`` and ``representation`` work on tensors. Left action throughout: (gh)·x = g·(h·x).
"""
