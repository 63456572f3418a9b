"""Report pages in a browser: nothing is loaded or said, axe finds nothing, and every width shows everything.

These tests are skipped unless they are asked for; asked for, they fail where there is no Chromium.
"""

from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from support.gate import entry, labelled, spread
from support.pages import page_of, real, small
from support.swept import swept

from geed_cli.result.by_class import with_classes
from geed_cli.result.schema import Labels, Result

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
NAMES = ("one", "four", "few", "long", "sweep", "labelled")
WIDTHS = (360, 390, 520, 768, 900, 1280, 1600)
LONG = "a_name_without_a_single_place_to_break_it_" * 6


def _long() -> Result:
    """The real result with layers whose names are long."""
    result = real()
    entries = tuple(
        entry if entry.layer is None else entry.model_copy(update={"layer": LONG + entry.layer})
        for entry in result.results
    )
    return result.model_copy(update={"results": entries})


def _labelled(label: str, right: int, l2: float) -> Result:
    """Of 40 pictures in two classes so many are right; with every number by class."""
    rows = (np.arange(40) % 10 < right / 4).astype(float)
    made = labelled({"e": rows, "m": rows}, label)
    latent = entry("latent.l2", "flip", None, spread(l2, 0.05, 40, right))
    data = made.data.model_copy(update={"labels": Labels(how="folder", of=(1,) * 25 + (0,) * 15)})
    weights = made.model.weights.model_copy(update={"origin": "file", "state_sha256": label})
    return with_classes(
        made.model_copy(
            update={
                "results": (latent,),
                "data": data,
                "model": made.model.model_copy(update={"weights": weights}),
            }
        )
    )


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One model, several with one untrained, and names that are long."""
    folder = tmp_path_factory.mktemp("pages")
    weights = real().model.weights
    untrained = real(
        model=real().model.model_copy(update={"weights": weights.model_copy(update={"origin": "random"})})
    )
    made = {
        "one": {"lite0": real()},
        "four": {"lite0": real(), "second": real(), "third": real(), "untrained": untrained},
        "few": {"net": small(count=10)},
        "long": {LONG: _long(), LONG + "2": _long()},
        "labelled": {
            "first": _labelled("first", 20, 0.3),
            "other": _labelled("other", 32, 0.2),
            LONG: _labelled("third", 28, 0.25),
        },
    }
    paths = {}
    for name, results in made.items():
        paths[name] = folder / f"{name}.html"
        paths[name].write_text(page_of(results), encoding="utf-8")
    paths["sweep"] = folder / "sweep.html"
    swept(failed=True, data=("rot", LONG)).save(paths["sweep"])
    return paths


def opened(browser: "Browser", path: Path, width: int, **more: object) -> "tuple[Page, list[str]]":
    """The page at a width, and everything that it said or asked for."""
    context = browser.new_context(viewport={"width": width, "height": 900}, **more)
    page = context.new_page()
    heard: list[str] = []
    page.on("console", lambda message: heard.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: heard.append(f"error: {error}"))
    page.on("request", lambda request: heard.append(request.url))
    page.goto(path.as_uri())
    return page, [each for each in heard if each != path.as_uri()]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("script", [True, False])
def test_nothing_is_said_and_nothing_is_asked_for(
    browser: "Browser", pages: dict[str, Path], name: str, script: bool
) -> None:
    """No console message, no request beside the page, with scripts on and off."""
    page, heard = opened(browser, pages[name], 1280, java_script_enabled=script)
    assert heard == []
    page.context.close()


@pytest.mark.parametrize("name", NAMES)
def test_no_width_scrolls_sideways(browser: "Browser", pages: dict[str, Path], name: str) -> None:
    """From 360 to 1600 pixels, with every detail open."""
    for width in WIDTHS:
        page, _ = opened(browser, pages[name], width)
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, width
        page.context.close()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: "Browser", pages: dict[str, Path], name: str, scheme: str) -> None:
    """All of axe-core's rules, contrast included, with every detail open."""
    from axe_playwright_python.sync_playwright import Axe

    page, _ = opened(browser, pages[name], 1280, color_scheme=scheme, bypass_csp=True)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.context.close()


def test_contrast_of_figures(browser: "Browser", pages: dict[str, Path]) -> None:
    """Every text of every figure against what lies behind it: 4.5 and more, light and dark; axe does not look there."""
    for name, scheme in product(("four", "labelled"), ("light", "dark")):
        page, _ = opened(browser, pages[name], 1280, color_scheme=scheme)
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        low = page.evaluate(CONTRASTS)
        assert low == [], f"{name}, {scheme}: {low[:5]}"
        page.context.close()


CONTRASTS = """() => {
  const parse = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(c => (c /= 255) <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
  const ground = parse(getComputedStyle(document.body).backgroundColor);
  const low = [];
  for (const text of document.querySelectorAll('svg text')) {
    const box = text.getBoundingClientRect();
    if (!box.width) continue;
    let behind = ground;
    for (const cell of text.ownerSVGElement.querySelectorAll('path[class^=h]')) {
      const at = text.ownerSVGElement.createSVGPoint();
      const own = text.getBBox();
      at.x = own.x + own.width / 2; at.y = own.y + own.height / 2;
      if (cell.isPointInFill(at)) behind = parse(getComputedStyle(cell).fill);
    }
    const [a, b] = [light(parse(getComputedStyle(text).fill)), light(behind)].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    if (ratio < 4.5) low.push(`${text.textContent} ${ratio.toFixed(2)}`);
  }
  return low;
}"""


@pytest.mark.parametrize(("name", "most"), [("one", 6), ("four", 12)])
def test_it_prints_on_a_sane_number_of_pages(
    browser: "Browser", pages: dict[str, Path], tmp_path: Path, name: str, most: int
) -> None:
    """Of A4, with the details in it."""
    from pypdf import PdfReader

    page, _ = opened(browser, pages[name], 1280)
    page.pdf(path=tmp_path / "page.pdf", format="A4")
    reader = PdfReader(tmp_path / "page.pdf")
    assert 2 <= len(reader.pages) <= most
    text = "".join(each.extract_text() for each in reader.pages)
    assert "blocks.3" in text
    assert "The answer" in text
    page.context.close()


def test_it_is_read_without_its_styles(browser: "Browser", pages: dict[str, Path]) -> None:
    """Where a content policy drops every style, nothing scrolls sideways at 1280 and figures keep their colours."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    policy = {"Content-Security-Policy": "default-src 'none'", "Content-Type": "text/html; charset=utf-8"}
    page.route("**/*", lambda route: route.fulfill(path=pages["four"], headers=policy))
    page.goto("http://page.invalid/")
    assert page.evaluate("getComputedStyle(document.querySelector('.warn')).borderLeftStyle") == "none"
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    fills = page.evaluate(
        "[...document.querySelectorAll('svg.fig path')].map(each => getComputedStyle(each).fill)"
    )
    assert "rgb(0, 95, 153)" in fills
    context.close()
