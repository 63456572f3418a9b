"""The report page: results as one HTML file that loads nothing and runs nothing.

``report_page`` puts the blocks together, each of which is a module: what it shows, and the figures in it. Figures are
SVG that is written here (``drawing``), 304 units wide whatever they show, so that their text keeps its size on every
screen and on a page whose styles were dropped. Sentences are those of ``verdict``, the same as in the terminal.
"""
