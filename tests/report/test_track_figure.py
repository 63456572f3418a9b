"""The figure of a track: every value and limit at its place, texts apart, the same bytes again; refusals first."""

import io
import math
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from PIL import Image
from support.figures import axes_of, bands_of, canvas_of, overlapping, points_of, spans_of, text_of
from support.results import record_at

from geed_cli.errors import InputError, RunError
from geed_cli.report.figures.figure_file import check_figure
from geed_cli.report.figures.style import look
from geed_cli.report.figures.track_figure import track_sheet
from geed_cli.report.html.page_contents import PageContents
from geed_cli.report.html.report_page import report_page
from geed_cli.tracking.columns import Column, rows_of
from geed_cli.tracking.record import Track
from geed_cli.tracking.track import track_of
from geed_cli.verdict.names import sentence
from geed_cli.verdict.track import bands

RUNS = (record_at(3, 0, "a"), record_at(9, 0, "a"), record_at(3, 1, "b"))
LATENT = [Column("latent.l2", None)]
COLUMNS = [
    Column("softmax.kl", None),
    Column("channelwise.cosine", "pool"),
    Column("prediction.flip_rate", None),
]


def without_intervals(track: Track) -> Track:
    """The same values alone."""
    return track.model_copy(update={"rows": tuple(row.model_copy(update={"ci": None}) for row in track.rows)})


def test_an_svg_names_what_it_shows_and_is_the_same_again() -> None:
    """Groups, measures with units, runs; byte for byte, with no date; as text, in letters that it holds itself."""
    track = track_of(list(RUNS), None)
    sheet = track_sheet(track, COLUMNS)
    svg = sheet.draw(".svg")
    text = text_of(svg)
    for part in (
        "at pool",
        "under flip",
        "under c4",
        "softmax.kl (nats)",
        "flip rate (%)",
        "training step",
    ):
        assert part in text
    assert {"a", "b"} <= set(text.split())
    assert sheet.draw(".svg") == svg
    assert b"<dc:date>" not in svg
    assert b"@font-face" in svg
    said = "".join(ET.fromstring(svg).itertext())
    assert sheet.caption in said
    assert sheet.caption == (
        "Values of softmax.kl, channelwise.cosine at pool and prediction.flip_rate under flip and c4 by "
        "training step. 24 images. Bands: 95% intervals over images. Lower is nearer to invariance."
    )


def test_every_value_and_limit_stands_at_its_step() -> None:
    """As the rows have them, rates in percent; nothing else is drawn; no text lies on another."""
    track = track_of(list(RUNS), None)
    sheet = track_sheet(track, COLUMNS)
    assert overlapping(canvas_of(sheet)) == []
    places = [(group, column) for group in ("flip", "c4") for column in COLUMNS]
    for axes, (group, column) in zip(axes_of(sheet), places, strict=True):
        factor = 100.0 if column.metric == "prediction.flip_rate" else 1.0
        assert len(spans_of(axes)) == 1  # b's one step; a's two have a band
        for number, label in enumerate("ab"):
            rows = rows_of(track, group, column, label)
            drawn = points_of(axes)[look(number).colour + look(number).marker]
            assert drawn == [(row.step, pytest.approx(factor * (row.value or 0.0))) for row in rows]
            limits = [(row.step, factor * row.ci[0], factor * row.ci[1]) for row in rows if row.ci]
            assert bands_of(axes)[look(number).colour] == [pytest.approx(each) for each in limits]
            low, high = axes.get_ylim()
            assert all(low <= end <= high for _, *ends in limits for end in ends)
        assert spans_of(axes) == [pytest.approx(limits[0])]


def test_a_png_shows_the_interval_in_print() -> None:
    """300 dots an inch, 3.4 inches wide; taking the intervals away changes pixels, and the caption says so."""
    track = track_of([record_at(3), record_at(9, 1)], None)
    bare = without_intervals(track)
    group = track.model_copy(update={"rows": tuple(row for row in track.rows if row.group == "c4")})
    png = Image.open(io.BytesIO(track_sheet(group, LATENT).draw(".PNG")))
    assert round(png.info["dpi"][0]) == 300
    assert png.width == 3.4 * 300
    assert png.info.keys() == {"dpi", "Title", "Description"}
    [edges] = bands_of(axes_of(track_sheet(group, LATENT))[0]).values()
    assert all(low < high for _, low, high in edges)
    [edges] = bands_of(axes_of(track_sheet(bare, LATENT))[0]).values()
    assert all(math.isnan(end) for _, *ends in edges for end in ends)
    assert "No intervals." in track_sheet(bare, LATENT).caption


@pytest.mark.heavy
def test_a_pdf_holds_its_letters_and_no_date() -> None:
    """TrueType outlines with their meaning, so that text can be searched; the same bytes again."""
    track = track_of([record_at(3), record_at(9, 1)], None)
    sheet = track_sheet(track, LATENT)
    pdf = sheet.draw(".pdf")
    assert b"/FontFile2" in pdf
    assert b"/ToUnicode" in pdf
    assert b"/CreationDate" not in pdf
    assert sheet.draw(".pdf") == pdf


@pytest.mark.heavy
def test_panels_of_one_measure_share_their_axis_where_that_is_asked_for() -> None:
    """And those of another measure have their own."""
    track = track_of(list(RUNS), None)
    columns = [*LATENT, Column("softmax.kl", None)]
    ends = [
        [axes.get_ylim() for axes in axes_of(track_sheet(track, columns, share_y=on))] for on in (True, False)
    ]
    assert ends[0][0] == ends[0][2] != ends[0][1] == ends[0][3]
    assert ends[1][0] != ends[1][2]


def test_populations_are_named_with_their_size() -> None:
    """And bands over models are told from bands over images."""
    track = track_of([record_at(3), record_at(3, 1), record_at(9), record_at(3, 2, "other")], None)
    sheet = track_sheet(track, LATENT)
    assert sheet.labels == ("cnn (2 models)", "other")
    assert "95% intervals over models and images, over images where there is one model." in sheet.caption


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
    assert sentence(said) in track_sheet(track, LATENT).caption
    assert sentence(said) in report_page(PageContents({}, track=track))
    bare = without_intervals(track)
    assert bands(bare) == "no intervals"
    assert "No intervals." in report_page(PageContents({}, track=bare))


def test_undefined_values_leave_gaps() -> None:
    """A step without a value is no point and no error."""
    track = track_of([record_at(3), record_at(9, 1)], None)
    gone = {"value": None, "ci": None}
    rows = tuple(row.model_copy(update=gone) if row.step == 3 else row for row in track.rows)
    axes = axes_of(track_sheet(track.model_copy(update={"rows": rows}), LATENT))[0]
    [[(step, value), (last, there)]] = points_of(axes).values()
    assert (step, last) == (3, 9)
    assert math.isnan(value)
    assert there > 0


def test_python_saves_the_page_s_drawing_and_the_paper_s(tmp_path: Path) -> None:
    """Of one measure and group: .svg as a page shows it, .pdf and .png as the command draws them."""
    track = track_of(list(RUNS), None)
    figure = track.plot("latent.l2", "c4")
    assert figure.caption.startswith("Values of latent.l2 under c4 by training step.")
    for suffix in (".svg", ".pdf"):
        figure.save(tmp_path / f"t{suffix}")
    assert (tmp_path / "t.svg").read_text() == figure.svg
    assert (tmp_path / "t.pdf").read_bytes() == track_sheet(track, LATENT, ["c4"]).draw(".pdf")


def test_what_could_not_be_drawn_is_refused_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another suffix is exit 2; a missing matplotlib is exit 3 and names the extra."""
    for name in ("f.PNG", "f.svg", "f.pdf"):
        check_figure(Path(name))
    with pytest.raises(InputError, match=r"f\.svg"):
        check_figure(Path("f.gif"))
    monkeypatch.setattr("geed_cli.report.figures.figure_file.find_spec", lambda _: None)
    with pytest.raises(RunError, match=r"geed-cli\[plot\]"):
        check_figure(Path("f.svg"))
