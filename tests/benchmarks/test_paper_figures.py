"""The example figures of the documentation are those that their script draws, and small."""

from pathlib import Path

import pytest
from support.figures import canvas_of, overlapping, shown_texts, text_of

from benchmarks.paper_figures import by_data, by_model, depth, trajectory

DOCS = Path(__file__).resolve().parents[2] / "docs"
SHEETS = {"by_data": by_data, "by_model": by_model, "depth": depth, "trajectory": trajectory}


@pytest.mark.parametrize("name", SHEETS)
def test_the_committed_figure_says_what_the_script_draws(name: str) -> None:
    """Word for word, below 100 KB, and shown on the page; bytes are those of one version of matplotlib."""
    committed = (DOCS / f"figures/paper_{name}.svg").read_bytes()
    assert len(committed) < 100_000
    assert f"(figures/paper_{name}.svg)" in (DOCS / "figures.md").read_text()
    sheet = SHEETS[name]()
    canvas = canvas_of(sheet)
    assert overlapping(canvas) == []
    drawn = " ".join(text.get_text() for text in shown_texts(canvas))
    assert set(drawn.split()) <= set(text_of(committed).split())
    assert sheet.caption.encode() in committed
