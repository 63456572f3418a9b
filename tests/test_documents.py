"""The documents: lines of prose that fit a screen, links and anchors that lead somewhere, options as printed."""

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import cli_page, llms_page, schema_page

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted(
    [*(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")), *ROOT.glob("docs/*.md")]
)
LINKING = [*PAGES, ROOT / "benchmarks" / "RESULTS.md"]
PACKAGE = ROOT / "geed_cli"
FILE = re.compile(r"`((?:[a-z_0-9]+/)+[a-z_0-9]+\.py)`")
WIDTH = 120
"""Columns of a line of prose."""
MARKUP = re.compile(r"`[^`]*`")
LINK = re.compile(r"\]\(([^)\s]+)\)")


def name_of(path: Path) -> str:
    """For the names of tests."""
    return path.relative_to(ROOT).as_posix()


def outside_fences(path: Path) -> Iterator[tuple[int, str]]:
    """The numbered lines of a page that are in no fenced block."""
    fenced = False
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced:
            yield number, line


def is_prose(line: str) -> bool:
    """Neither a row of a table, nor code, nor one link that cannot be broken."""
    bare = line.strip()
    return not line.startswith("    ") and not bare.startswith("|") and " " in bare


def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them; of equal ones the second ends in -1."""
    seen: Counter[str] = Counter()
    found = set()
    for _, line in outside_fences(path):
        if match := re.match(r"#+ (.*)", line):
            slug = re.sub(r"[^\w\- ]", "", match[1].strip().lower()).replace(" ", "-")
            found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
            seen[slug] += 1
    return found


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_lines_of_prose_are_short(path: Path) -> None:
    """Tables and code may be wider."""
    wide = [f"{n}: {line}" for n, line in outside_fences(path) if is_prose(line) and len(line) > WIDTH]
    assert wide == []


@pytest.mark.parametrize("path", LINKING, ids=name_of)
def test_links_and_anchors_lead_somewhere(path: Path) -> None:
    """Every relative link is a file of the repository, and every anchor one of its headings."""
    broken = []
    for number, line in outside_fences(path):
        for link in LINK.findall(MARKUP.sub("", line)):
            name, _, anchor = link.partition("#")
            target = path.parent / name if name else path
            if not re.match(r"[a-z]+:", link) and (
                not target.exists() or (anchor and anchor not in anchors(target))
            ):
                broken.append(f"{number}: {link}")
    assert broken == []


def test_pages_named_in_code_and_messages_are_there() -> None:
    """A message that sends its reader to docs/X.md sends him to a page."""
    files = (path for folder in ("geed_cli", "tests", "benchmarks") for path in (ROOT / folder).rglob("*"))
    named = {
        name
        for path in files
        if path.suffix in {".py", ".yaml", ".yml", ".md"}
        for name in re.findall(r"\bdocs/[a-z_]+\.md\b", path.read_text(encoding="utf-8"))
    }
    assert len(named) > 5
    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_files_named_in_documents_are_there() -> None:
    """A file that is named with its folder lies there, in the package or in the repository."""
    pages = [ROOT / "docs" / "architecture.md", ROOT / "CONTRIBUTING.md", ROOT / "docs" / "security.md"]
    named = {name for page in pages for name in FILE.findall(page.read_text(encoding="utf-8"))}
    assert len(named) > 30
    assert {name for name in named if not any((top / name).exists() for top in (ROOT, PACKAGE))} == set()


def test_the_layers_are_those_that_imports_are_held_to() -> None:
    """The table of docs/architecture.md, top to bottom, against the contract in pyproject.toml."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    layers = [name for layer in contracts["contracts"][0]["layers"] for name in layer.split(" | ")]
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = text.partition("| layer |")[2].partition("\n\n")[0]
    rows = [row.split("|")[1] for row in table.splitlines()[2:]]
    told = [
        name for row in rows for name in re.findall(r"`([a-z_]+)`", row)
    ]  # rooms inside rooms have a slash
    level = {
        name: number
        for number, layer in enumerate(contracts["contracts"][0]["layers"])
        for name in layer.split(" | ")
    }
    assert sorted(told) == sorted(layers)
    assert [level[name] for name in told] == sorted(level.values())


def test_every_page_is_in_the_index() -> None:
    """docs/index.md links all of them."""
    linked = set(LINK.findall((ROOT / "docs" / "index.md").read_text(encoding="utf-8")))
    assert {path.name for path in ROOT.glob("docs/*.md")} - linked == {"index.md"}


def test_the_readme_is_short() -> None:
    """At most 200 lines; options and details have pages of their own."""
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 200


def test_the_options_are_the_programs() -> None:
    """docs/cli.md has the help of every command, word for word, and nothing else."""
    assert (ROOT / "docs" / "cli.md").read_text(encoding="utf-8") == cli_page.page()


def test_the_keys_of_a_result_are_the_programs() -> None:
    """docs/schema.md is what the classes that read a result say of themselves."""
    assert (ROOT / "docs" / "schema.md").read_text(encoding="utf-8") == schema_page.page()


def test_every_key_of_a_result_is_described() -> None:
    """No line of docs/schema.md ends without saying what the key is."""
    told = {
        f"{part.__name__}.{name}": schema_page.described(field)
        for part in schema_page.parts()
        for name, field in part.model_fields.items()
    }
    assert len(told) > 150
    assert [key for key, words in told.items() if not words] == []


def test_every_key_of_a_saved_result_is_in_the_schema() -> None:
    """Each key that a written result has stands in a table of docs/schema.md."""
    told = set(re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "schema.md").read_text("utf-8"), re.MULTILINE))
    saved = json.loads((ROOT / "tests" / "saved" / "result.json").read_text("utf-8"))
    assert set(saved) <= told
    assert {*saved["model"], *saved["data"], *saved["settings"], *saved["results"][0]} <= told


def test_llms_txt_is_made_of_the_nav() -> None:
    """A title, a summary, and every page of the site in its part; each page of docs/ is in exactly one."""
    text = (ROOT / "docs" / "llms.txt").read_text(encoding="utf-8")
    assert text == llms_page.page()
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Start", "Guides", "Concepts", "Reference"]
    linked = re.findall(r"^- \[[^\]]+\]\(([^)]+)\): \S", text, re.MULTILINE)
    moved = {"changelog.md", "contributing.md", "measurements.md"}
    assert sorted(linked) == sorted(moved | {path.name for path in ROOT.glob("docs/*.md")})
