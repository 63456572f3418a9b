"""Prints docs/llms.txt, the site's pages for language models: ``python -m benchmarks.llms_page > docs/llms.txt``.

The form is that of llmstxt.org: a title, a summary, and sections of links with a line each.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
LINE = re.compile(r"^\| \[[^\]]+\]\(([^)]+)\) \| (.+) \|$", re.MULTILINE)


class _Plain(yaml.SafeLoader):
    """Reads mkdocs.yml without its Python objects, of which none is in nav."""


_Plain.add_multi_constructor("tag:yaml.org,2002:python/", lambda *_: None)


def configuration() -> Mapping[str, Any]:
    """What mkdocs.yml says."""
    found: Mapping[str, Any] = yaml.load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"), _Plain)
    return found


def nav() -> dict[str, dict[str, str]]:
    """The parts of the site: by name, the titles of their pages and their files."""
    return {
        part: {title: page for entry in pages for title, page in entry.items()}
        for each in configuration()["nav"]
        for part, pages in each.items()
    }


def questions() -> dict[str, str]:
    """What docs/index.md says that each page answers, by the page's file in the site."""
    moved = {"../CONTRIBUTING.md": "contributing.md", "../CHANGELOG.md": "changelog.md"}
    moved["../benchmarks/RESULTS.md"] = "measurements.md"
    text = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    return {"index.md": "What does each page answer?"} | {
        moved.get(link, link): question for link, question in LINE.findall(text)
    }


def page() -> str:
    """The whole file."""
    about, settings = questions(), configuration()
    blocks = [
        f"# {settings['site_name']}",
        f"> {settings['site_description']}: how far features, predictions and layers move when a picture is mirrored "
        "or turned, with confidence intervals, as a command-line tool and from Python.",
    ]
    for part, pages in nav().items():
        lines = [f"- [{title}]({name}): {about[name]}" for title, name in pages.items()]
        blocks += [f"## {part}", "\n".join(lines)]
    return "\n\n".join(blocks) + "\n"


if __name__ == "__main__":
    print(page(), end="")
