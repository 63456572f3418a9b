"""The page of one name, and the list of all names."""

from collections.abc import Iterator

from geed_cli.report.explain.topics import FILES, WARNINGS, Topic, everything
from geed_cli.report.page import BLANK, Block, Line, Paragraph

PARTS = ("formula", "range", "reading", "example", "source")
"""Of an explanation, in the order in which they are shown."""
HANG = len("see also") + 2
FIRST = (
    "measures",
    "the scale",
    "controls",
    "columns",
    "verdicts of audits",
    "warnings",
    "verdicts",
    "results",
)
"""What is listed first; the rest stands as it is found."""


def topic_page(topic: Topic) -> Iterator[Block]:
    """Name and sentence, then what there is of formula, range, reading, example and source."""
    explained = topic.explained
    yield Line(explained.what, strong=f"{topic.name}:")
    yield BLANK
    for part in PARTS:
        if text := getattr(explained, part):
            label = "keys" if (topic.heading, part) == (FILES, "formula") else part
            first, *others = text.splitlines()
            yield Paragraph(label, first, style="dim", hang=HANG)
            yield from (Paragraph("", line, hang=HANG) for line in others)
    if explained.see:
        yield Paragraph("see also", ", ".join(explained.see), style="dim", hang=HANG)


def names_page() -> Iterator[Block]:
    """Every name, under its heading."""
    yield Line("what it is, how it is computed, and how to read it.", strong="geed explain NAME:")
    yield Line(
        "a saved result, comparison, track, gate report or self-test, from top to bottom.",
        strong="geed explain FILE:",
    )
    yield BLANK
    listed: dict[str, list[str]] = {heading: [] for heading in FIRST}
    for topic in everything():
        listed.setdefault(topic.heading, []).append(topic.name)
    listed[WARNINGS] = ["any of them, in quotes, as it is printed"]
    hang = max(map(len, listed)) + 2
    for heading, names in listed.items():
        yield Paragraph(heading, ", ".join(names), style="dim", hang=hang)
