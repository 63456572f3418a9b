"""Report pages taken apart, and results to make them of."""

from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path

from geed_cli.cli.run.pages import comparison_of
from geed_cli.gate.outcome import GateReport
from geed_cli.report.html.page_contents import PageContents
from geed_cli.report.html.report_page import report_page
from geed_cli.result.file import read_result
from geed_cli.result.schema import Result
from support.constructed import features, flips, layers, result, softmax

LITE0 = Path(__file__).parents[1] / "report" / "lite0.json"
VOID = {"meta", "br", "img", "link", "input", "hr"}


class Page(HTMLParser):
    """A page as its elements: what opens is closed, in order.

    Attributes:
        tags: every element's name with its attributes, in order.
        texts: by id, the text inside.
        words: all text but that of styles and scripts.
    """

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: dict[str, str] = {}
        self.words = ""
        self._open: list[tuple[str, str | None]] = []
        self.feed(page)
        self.close()
        assert self._open == [], f"never closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element."""
        found = {name: value or "" for name, value in attrs}
        self.tags.append((tag, found))
        if tag not in VOID:
            self._open.append((tag, found.get("id")))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element without contents, as SVG has them."""
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        """Close the element that was opened last."""
        assert self._open, f"</{tag}> closes nothing"
        assert self._open[-1][0] == tag, f"</{tag}> closes {self._open[-1]}"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        """Text belongs to all open elements with an id."""
        if self._open and self._open[-1][0] not in ("style", "script"):
            self.words += data
        for _, ident in self._open:
            if ident is not None:
                self.texts[ident] = self.texts.get(ident, "") + data

    def named(self, tag: str) -> list[dict[str, str]]:
        """The attributes of every such element."""
        return [found for name, found in self.tags if name == tag]

    @property
    def sections(self) -> list[str]:
        """The ids of the page's parts, in order."""
        return [found["id"] for found in self.named("section")]


def small(part: float = 0.2, **more: object) -> Result:
    """A result of whole numbers and layers, without rows of images."""
    return result(
        features(part, part - 0.02, part + 0.02),
        softmax(),
        flips(0.25, 0.15, 0.4),
        *layers([0.6, 0.3, 0.1]),
        **more,
    )


def real(**more: object) -> Result:
    """A real result: efficientnet_lite0 under three groups, with a twin."""
    return read_result(LITE0).model_copy(update=more)


def page_of(results: Mapping[str, Result], gate: GateReport | None = None) -> str:
    """The page of these, compared with the first where there are several."""
    return report_page(PageContents(dict(results), comparison_of(results), gate))
