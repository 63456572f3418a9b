"""The documentation site as MkDocs builds it: no warning, four parts, nothing asked of another host."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.heavy
LOADS = {"script": "src", "img": "src", "link": "href", "source": "src", "iframe": "src", "use": "href"}
"""What a browser fetches unasked; a link of rel canonical or alternate is none."""


class Loads(HTMLParser):
    """What a page loads."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in LOADS and values.get("rel") not in {"canonical", "alternate"}:
            self.found.append(values.get(LOADS[tag]) or "")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built once, strictly: a warning would be an error."""
    target = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "mkdocs",
            "build",
            "--site-dir",
            str(target),
            "--config-file",
            ROOT / "mkdocs.yml",
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return target


def test_the_four_parts(site: Path) -> None:
    """In this order, as tabs of every page."""
    html = (site / "measures.html").read_text(encoding="utf-8")
    tabs = re.findall(r'class="md-tabs__link">\s*(\w+)', html)
    assert tabs == ["Start", "Guides", "Concepts", "Reference"]


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    """Every script, style, picture and icon is a file of the site; style sheets load none from elsewhere either."""
    pages = list(site.glob("*.html"))
    assert len(pages) > 30
    for path in pages:
        loads = Loads()
        loads.feed(path.read_text(encoding="utf-8"))
        assert len(loads.found) > 3
        outside = [each for each in loads.found if re.match(r"(?:[a-z]+:)?//", each)]
        assert outside == [], path.name
        missing = [
            each
            for each in loads.found
            if each and not each.startswith("data:") and not (site / re.split(r"[?#]", each)[0]).exists()
        ]
        assert missing == [] or path.name == "404.html", path.name
    for path in site.rglob("*.css"):
        assert re.findall(r"(?:url\(|@import )[\"']?(?:https?:)?//", path.read_text(encoding="utf-8")) == []


def test_what_is_there_beside_the_pages(site: Path) -> None:
    """llms.txt with the pages' texts that it links, and a search index that knows them."""
    text = (site / "llms.txt").read_text(encoding="utf-8")
    linked = re.findall(r"\]\(([^)]+)\)", text)
    assert len(linked) > 25
    assert [name for name in linked if not (site / name).exists()] == []
    index = (site / "search" / "search_index.json").read_text(encoding="utf-8")
    assert "channelwise.cosine" in index
