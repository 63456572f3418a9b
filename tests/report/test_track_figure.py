"""The figure of a track: valid files, lines for runs, the same bytes again; refusals before any work."""

import io
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from PIL import Image
from support.results import record_at

from geed_cli.errors import InputError, RunError
from geed_cli.report.html.page_contents import PageContents
from geed_cli.report.html.report_page import report_page
from geed_cli.report.track_figure import check_figure, draw_track
from geed_cli.tracking.columns import Column, columns_of
from geed_cli.tracking.track import track_of
from geed_cli.verdict.names import sentence
from geed_cli.verdict.track import bands

SVG = "{http://www.w3.org/2000/svg}"


def text_of(svg: bytes) -> str:
    """All text of an SVG."""
    return " ".join("".join(node.itertext()) for node in ET.fromstring(svg).iter(f"{SVG}text"))


def test_an_svg_names_what_it_shows_and_is_the_same_again() -> None:
    """Groups, measures with units, runs, the kind of interval; byte for byte, with no date."""
    track = track_of([record_at(3, 0, "a"), record_at(9, 0, "a"), record_at(3, 1, "b")], None)
    svg = draw_track(track, columns_of(track), ".svg")
    text = text_of(svg)
    for part in ("flip · latent.l2", "c4 · softmax.kl", "softmax.kl (nats)", "flip rate (%)", "training step",
                 "95% intervals over images", "24 images", "further from invariance"):  # fmt: skip
        assert part in text
    assert {"a", "b"} <= set(text.split())
    assert draw_track(track, columns_of(track), ".svg") == svg


def test_a_png_shows_the_interval() -> None:
    """A picture of a sensible size, in which taking the intervals away changes pixels."""
    track = track_of([record_at(3), record_at(9, 1)], None)
    columns = [Column("latent.l2", None)]
    bare = track.model_copy(update={"rows": tuple(row.model_copy(update={"ci": None}) for row in track.rows)})
    drawn = [Image.open(io.BytesIO(draw_track(t, columns, ".png"))).convert("RGB") for t in (track, bare)]
    assert min(drawn[0].size) > 500
    assert drawn[0].tobytes() != drawn[1].tobytes()
    assert "no intervals" in text_of(draw_track(bare, columns, ".svg"))


def test_populations_are_named_with_their_size() -> None:
    """And bands over models are told from bands over images."""
    track = track_of([record_at(3), record_at(3, 1), record_at(9)], None)
    text = text_of(draw_track(track, columns_of(track), ".svg"))
    assert "cnn (2 models)" in text
    assert "95% intervals over models and images, over images where there is one model" in " ".join(
        text.split()
    )


@pytest.mark.parametrize(
    ("records", "said"),
    [
        ([(3, 0), (9, 1)], "bands: 95% intervals over images"),
        ([(3, 0), (3, 1)], "bands: 95% intervals over models and images"),
        (
            [(3, 0), (3, 1), (9, 0)],
            "bands: 95% intervals over models and images, over images where there is one model",
        ),
    ],
)
def test_the_page_says_what_bands_are_as_the_figure_does(records: list[tuple[int, int]], said: str) -> None:
    """And that there are none where no row has an interval."""
    track = track_of([record_at(step, seed) for step, seed in records], None)
    assert bands(track) == said
    assert sentence(said) in report_page(PageContents({}, track=track))
    bare = track.model_copy(update={"rows": tuple(row.model_copy(update={"ci": None}) for row in track.rows)})
    assert bands(bare) == "no intervals"
    assert "No intervals." in report_page(PageContents({}, track=bare))


def test_undefined_values_leave_gaps() -> None:
    """A step without a value is no point and no error."""
    track = track_of([record_at(3), record_at(9, 1)], None)
    gone = {"value": None, "ci": None}
    rows = tuple(row.model_copy(update=gone) if row.step == 3 else row for row in track.rows)
    ET.fromstring(draw_track(track.model_copy(update={"rows": rows}), columns_of(track), ".svg"))


def test_what_could_not_be_drawn_is_refused_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another suffix is exit 2; a missing matplotlib is exit 3 and names the extra."""
    check_figure(Path("f.PNG"))
    with pytest.raises(InputError, match=r"f\.svg"):
        check_figure(Path("f.gif"))
    monkeypatch.setattr("geed_cli.report.track_figure.find_spec", lambda _: None)
    with pytest.raises(RunError, match=r"geed-cli\[plot\]"):
        check_figure(Path("f.svg"))
