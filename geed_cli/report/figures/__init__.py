"""Figures for papers, by matplotlib, an extra that is imported where a figure is drawn.

A figure is a ``Sheet`` of panels (``sheet``), which ``Sheet.draw`` turns into the bytes of a file. A kind of panel is a
subclass of ``Panel`` (``panel``): it says what its axes are called and draws its series in the ``Look`` of each
(``style``). The sheet does all else: size, columns, legend, shared axes, fonts, and that no texts overlap.
"""
