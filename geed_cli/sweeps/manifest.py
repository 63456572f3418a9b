"""A sweep, ``geed.sweep/1``: which models were audited on which data with which settings, what failed, and the values.

The results themselves lie beside it, one file for each cell. Every number is finite or null.
"""

from typing import Any, Literal

from pydantic import Field

from geed_cli.result.frames import Columns, Rows, limits
from geed_cli.result.part import Part, Told, in_line, with_limits
from geed_cli.result.presented import Figure, Presented, drawing
from geed_cli.result.schema import Completeness

SCHEMA = "geed.sweep/1"
MANIFEST, RESOLVED = "sweep.json", "sweep.yaml"
"""The names of the sweep's own files in its folder."""
CellStatus = Literal["done", "failed", "open"]


class Member(Part):
    """One network of a model's label.

    Attributes:
        name: what its results are called; of a model by itself its label.
        text: as it was named: ``NAME``, ``CHECKPOINT`` or ``CHECKPOINT:SPEC``.
        sha256: of every file that it is made of, by path.
        unnamed_code: whether nothing says which code it is, as of a spec with ``source: python`` and no ``cache_key``.
    """

    name: str
    text: str
    sha256: dict[str, str] = Field({})
    unnamed_code: bool = False


class SweptModel(Part):
    """A label of models: one network, or a population of checkpoints of one recipe."""

    label: str
    members: tuple[Member, ...]


class SweptData(Part):
    """A label of data, and the source of its pictures; null is the bundled sample."""

    label: str
    source: str | None


class Cell(Part):
    """One network on one data set.

    Attributes:
        file: of its result, in the sweep's folder.
        recipe: a hash of the network's files, the source and all settings: equal recipes make equal results.
        error: what was found, expected and to try, of a cell that failed.
        wrong_input: whether it failed by what it was given, and not by what stood in the way.
    """

    model: str
    member: str
    data: str
    file: str
    recipe: str
    status: CellStatus = "open"
    error: tuple[str, ...] = ()
    wrong_input: bool = False


class Value(Told):
    """A model's value on one data set, and its difference from the first model's.

    Attributes:
        layer: of a measure of layers.
        models: networks behind it; copies with the same weights count once.
        ci: over images; of a population over models and images.
        difference: from the first model's value; null of the first itself, and where they are not compared.
        p_holm: of no difference, corrected over all values of the data set.
        claim: what holds of the difference after that correction, a word of ``geed compare``; empty of the first.
    """

    data: str
    group: str
    metric: str
    layer: str | None = None
    model: str
    models: int
    value: float | None
    ci: tuple[float, float] | None
    difference: float | None = None
    difference_ci: tuple[float, float] | None = None
    p_holm: float | None = None
    claim: str = ""
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return in_line(
            "Value",
            self.data,
            self.group,
            self.metric,
            self.layer,
            self.model,
            with_limits(self.value, self.ci),
        )


class Sweep(Presented):
    """The whole sweep.

    Attributes:
        status: ``partial`` while cells are open, or failed.
        settings: of all audits, as far as they can change a value.
        earlier: cells of sweeps in this folder that this one does not name; their files are kept.
        confidence: of the intervals.
        values: by data set, model, group, measure and layer.
        warnings: what changes the reading.
    """

    schema_: Literal["geed.sweep/1"] = Field("geed.sweep/1", alias="schema")
    status: Completeness
    settings: dict[str, Any]
    models: tuple[SweptModel, ...]
    data: tuple[SweptData, ...]
    cells: tuple[Cell, ...]
    earlier: tuple[Cell, ...] = ()
    confidence: float
    values: tuple[Value, ...] = ()
    warnings: tuple[str, ...] = ()

    model_config = Part.model_config | {"populate_by_name": True}

    @property
    def failed(self) -> tuple[Cell, ...]:
        """The cells that could not be audited."""
        return tuple(cell for cell in self.cells if cell.status == "failed")

    def __repr__(self) -> str:
        done = sum(cell.status == "done" for cell in self.cells)
        shape = f"{len(self.models)} models × {len(self.data)} data sets"
        return in_line("Sweep", f"{shape}: {done} of {len(self.cells)} cells are done")

    def plot(self, metric: str | None = None, group: str | None = None, *, share_y: bool = False) -> Figure:
        """The figure of ``--figure``, which shows itself in a notebook and has ``save`` for .svg, .pdf and .png.

        Args:
            metric: a name or glob; None is all that it has.
            group: None is all.
            share_y: whether panels of one measure have one vertical axis.

        Raises:
            InputError: no such measure or group, or no value.
            RunError: matplotlib, of the extra ``plot``, is not installed.
        """
        figure: Figure = drawing().values_of(self, metric, group, share_y=share_y)
        return figure

    def rows_and_columns(self) -> tuple[Columns, Rows]:
        """A row for each value."""
        return COLUMNS, (
            (
                *(each.data, each.group, each.metric, each.layer, each.model, each.models),
                *(each.value, *limits(each.ci)),
                *(each.difference, *limits(each.difference_ci)),
                *(each.p_holm, each.claim or None, "; ".join(each.notes)),
            )
            for each in self.values
        )


COLUMNS: Columns = {
    "data": str, "group": str, "metric": str, "layer": str, "model": str, "models": int,
    "value": float, "low": float, "high": float,
    "difference": float, "difference_low": float, "difference_high": float,
    "p_holm": float, "claim": str, "notes": str,
}  # fmt: skip
"""Of a data frame, and of the file of --csv."""
