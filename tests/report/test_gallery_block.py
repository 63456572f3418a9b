"""Pictures on the report page: what stands under each, and where shades lie."""

import io
import re

import pytest
from PIL import Image
from support.pages import Page, real

from geed_cli.report.html.gallery_block import DARKEST, SIDE, gallery_section
from geed_cli.report.html.page_contents import PageContents
from geed_cli.report.html.report_page import report_page
from geed_cli.result.gallery import (
    ChosenPicture,
    ClassSeen,
    Gallery,
    GalleryPicture,
    GroupGallery,
    ShownElement,
    Standing,
)

HOSTILE = "<img src=x onerror=alert(1)>\x1b[31m"


def jpeg() -> bytes:
    """A grey square."""
    stream = io.BytesIO()
    Image.new("RGB", (8, 8), "gray").save(stream, "JPEG")
    return stream.getvalue()


def element(
    name: str, top: int, *, changed: bool = False, grid: tuple[tuple[float | None, ...], ...] | None = None
) -> ShownElement:
    """One that a matrix moves."""
    matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0) if name == "e" else (-1.0, 0.0, 0.0, 1.0, 1.0, 0.0)
    mean = None if grid is None else 0.25
    return ShownElement(name, matrix, None, (ClassSeen(top, HOSTILE, 0.254),), changed, grid, mean)


def gallery(*elements: ShownElement, standing: Standing = "largest", disc: bool = False) -> Gallery:
    """One picture under flip."""
    chosen = ChosenPicture(HOSTILE, 3, 1, standing, 0.123, elements)
    group = GroupGallery("flip", "latent.l2", None, 30, disc, (chosen,))
    warnings = ("c4 is left out of the gallery: gone",)
    return Gallery(
        "net", (GalleryPicture(HOSTILE, "0" * 64, jpeg()),), (group,), "layer4", (2, 2), 0.5, warnings
    )


def test_a_picture_has_its_place_and_what_its_top_class_does() -> None:
    """Extremes are called so, others by their rank; the value is of the measure that they were chosen by."""
    section = gallery_section(gallery(element("e", 1), element("m", 2, changed=True)))
    [picture] = section.groups["flip"]
    assert (picture.standing, picture.value, picture.said) == (
        "moved most",
        "latent.l2 0.12",
        "top class changes",
    )
    assert [view.changed for view in picture.views] == [False, True]
    assert [view.probability for view in picture.views] == ["25%", "25%"]
    [between] = gallery_section(gallery(element("e", 1), element("m", 1), standing="")).groups["flip"]
    assert (between.standing, between.said) == ("rank 1 of 30", "top class stays")
    four = [element("e", 1), element("m", 1), element("x", 2, changed=True), element("y", 1)]
    [several] = gallery_section(gallery(*four)).groups["flip"]
    assert several.said == "top class changes in 1 of 3"


def test_a_thumbnail_is_moved_as_the_element_moves_the_picture() -> None:
    """By the matrix of the unit square, in units of the drawing; e is not moved."""
    [picture] = gallery_section(gallery(element("e", 1), element("m", 1))).groups["flip"]
    assert "transform" not in picture.views[0].picture
    assert f'transform="matrix(-1 0 0 1 {SIDE} 0)"' in picture.views[1].picture
    [cut] = gallery_section(gallery(element("e", 1), disc=True)).groups["flip"]
    assert "url(#disc)" in cut.views[0].picture


def test_shades_lie_where_the_layer_disagrees() -> None:
    """A cell of the grid each, darker with the part of the distance to another picture; none where nothing is known."""
    grid = ((0.02, 0.1), (None, 0.9))
    [picture] = gallery_section(gallery(element("e", 1), element("m", 1, grid=grid))).groups["flip"]
    [view] = picture.overlays
    shades = dict(
        re.findall(r'<path d="(M48 [\d.]+)[^"]*" fill="#\w+" fill-opacity="([\d.]+)"', view.overlay)
    )
    assert shades == {"M48 0": f"{0.25 * DARKEST:.2f}", "M48 48": f"{DARKEST:.2f}"}
    assert view.overlay.count("fill-opacity") == 2
    assert view.mean == "50%"
    assert picture.views[0].overlay == ""


@pytest.mark.parametrize("disc", [False, True])
def test_names_on_pictures_stay_text(disc: bool) -> None:
    """File names and class names are a stranger's; warnings of the gallery are shown."""
    shown = gallery(element("e", 1), element("m", 2, changed=True, grid=((0.3,),)), disc=disc)
    page = Page(report_page(PageContents({"net": real()}, gallery=shown)))
    assert page.named("img") == []
    assert "<img src=x onerror=alert(1)>" in page.texts["gallery"]
    assert "\x1b" not in page.texts["gallery"]
    assert "c4 is left out of the gallery: gone" in page.texts["gallery"]
    assert "gallery" in page.sections
    assert all(each["href"].startswith(("#", "data:image/jpeg;base64,")) for each in page.named("image"))
