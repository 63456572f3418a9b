"""The page of an inspection: whether the network can be audited, what was resolved, its layers, what next."""

from collections.abc import Iterator

from rich.console import Console

from geed_cli.choices import View
from geed_cli.report.console import plain, write
from geed_cli.report.header import headline, model_lines, preprocessing
from geed_cli.report.page import (
    BLANK,
    Block,
    Column,
    Line,
    Paragraph,
    Rows,
    Section,
    facts,
    key_values,
    print_page,
)
from geed_cli.verdict.inspection import Inspection, next_inspection, say_inspection

LONGEST = 2000
"""Characters of a sentence in which a network's own code may speak."""


def print_inspection(found: Inspection, console: Console, view: View = View()) -> None:  # noqa: B008 - it is frozen
    """Print the whole inspection: in full, as one line, or one statement a line, as the view says."""
    if view.quiet:
        write(one_line(found), console)
        return
    print_page(inspection_page(found, view, console.width), console, linear=view.linear)


def inspection_page(found: Inspection, view: View, width: int = 100) -> Iterator[Block]:
    """The blocks of the printed inspection, top to bottom, for a console so wide."""
    said = say_inspection(found)
    yield Line(plain(" ".join(said.reasons), LONGEST), strong=said.verdict)
    if said.warnings:
        yield BLANK
    yield from (Paragraph("warning:", plain(text, LONGEST), style="magenta") for text in said.warnings)
    yield BLANK
    yield headline("inspect", found.model, width)
    yield Line(f"input {preprocessing(found.model)}")
    if view.verbose:
        yield from (BLANK, Line(strong="What was resolved, in full"))
        yield from facts(model_lines(found.model))
    else:
        yield from (Paragraph("note:", plain(note, LONGEST)) for note in found.model.weights.notes)
    if found.modules:
        yield from (BLANK, _modules(found))
    yield BLANK
    yield Paragraph("next:", plain(next_inspection(found), LONGEST))


def one_line(found: Inspection) -> str:
    """The inspection as one line of ``key=value``."""
    model, said = found.model, say_inspection(found)
    measured = sum(layer.why_not is None for layer in found.layers)
    return key_values(
        ("geed", "inspect"),
        ("model", plain(model.arch)),
        ("verdict", said.word),
        ("features", plain(model.features)),
        ("numbers", "none" if found.features is None else found.features),
        ("classifier", plain(model.classifier or "none")),
        ("output", "none" if model.output is None else model.output.kind),
        ("layers", measured),
        ("left_out", len(found.layers) - measured),
        ("size", model.input.size),
        ("weights", plain(model.weights.origin)),
        ("warnings", len(said.warnings)),
    )


def _modules(found: Inspection) -> Rows:
    """One row a module, or a call of one."""
    columns = [
        Column("layer", left=True),
        Column("output"),
        Column("layout", left=True, keep=2),
        Column("type", left=True, keep=1),
        Column("role", left=True),
    ]
    rows = [
        [plain(row.name), plain(row.output), plain(row.layout), plain(row.type), ", ".join(row.roles)]
        for row in found.modules
    ]
    return Rows(columns, [Section(rows)])
