"""The page of one name, and the list of all names; text ends at column 100 however wide the terminal is."""

from collections.abc import Iterable, Iterator

from rich.console import Console, RenderableType
from rich.constrain import Constrain
from rich.text import Text

from geed_cli.report.cells import facts
from geed_cli.report.console import emit
from geed_cli.report.explain.topics import Topic, everything

WIDEST = 100
"""Longer lines are harder to read, and nothing is gained by them."""
PARTS = ("formula", "range", "reading", "example", "source")
"""Of an explanation, in the order in which they are shown."""


def print_topic(topic: Topic, console: Console) -> None:
    """Print one explanation."""
    emit(within_width(topic_page(topic)), console)


def print_names(console: Console) -> None:
    """Print what can be explained."""
    emit(within_width(names_page()), console)


def within_width(parts: Iterable[RenderableType]) -> Iterator[RenderableType]:
    """The parts, none wider than a page."""
    return (Constrain(part, WIDEST) for part in parts)


def topic_page(topic: Topic) -> Iterator[RenderableType]:
    """Name and sentence, then what there is of formula, range, reading, example and source."""
    explained = topic.explained
    yield Text.assemble((topic.name, "bold"), f": {explained.what}")
    lines = [(part, text) for part in PARTS if (text := getattr(explained, part))]
    if explained.see:
        lines.append(("see also", ", ".join(explained.see)))
    yield Text()
    yield facts(lines)


def names_page() -> Iterator[RenderableType]:
    """Every name, under its heading."""
    yield Text.assemble(
        ("geed explain NAME", "bold"), ": what it is, how it is computed, and how to read it."
    )
    yield Text.assemble(("geed explain FILE", "bold"), ": a saved result, from top to bottom.")
    yield Text()
    listed: dict[str, list[str]] = {}
    for topic in everything():
        listed.setdefault(topic.heading, []).append(topic.name)
    yield facts((heading, ", ".join(names)) for heading, names in listed.items())
