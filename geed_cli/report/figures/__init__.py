"""Figures for papers, by matplotlib, an extra that is imported where a figure is drawn.

A figure is a ``Sheet`` of panels (``sheet``): ``sheet.draw(".pdf")`` gives the bytes of a file. A kind of panel is a
subclass of ``Panel`` (``panel``): it says what its axes are called, and draws each series in its ``Look`` (``style``),
by number the same in all panels. The sheet does all else: sizes, columns, legend, shared axes, fonts, and that no texts
overlap. A new kind is one file such as ``trajectory_panel``, and a function that makes a sheet of a result, such as
``track_figure.track_sheet``; a command draws it with ``AskedFigure.outputs`` (``cli/run/figures``).
"""
