"""One recipe along training, ``geed.track/1``: what the table and the figure show, and every result behind it.

A track is all that resuming and drawing again need. Every number is finite or null.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from geed_cli.documents.document import printable
from geed_cli.result.by_name import MOST_LISTED, NoEntryError, row_at, rows_at
from geed_cli.result.frames import Columns, Rows, limits
from geed_cli.result.part import Part, Told, in_line, with_limits
from geed_cli.result.presented import Figure, Presented, drawing
from geed_cli.result.schema import KEYS, Completeness, Result

SCHEMA = "geed.track/1"
Unit = Literal["step", "iteration", "epoch"]
"""What a step counts, as far as file names say it."""


IN_MEMORY = "in memory, "


def in_memory(step: int, number: int | None = None) -> str:
    """What stands in the place of a file's name for a result that is in none: ``in memory, step 10, result 2``."""
    return f"{IN_MEMORY}step {step}" + (f", result {number}" if number is not None else "")


class _Growing(Part):
    """Base of parts that have got keys in the course of time: those that nobody used are not written."""

    LATER: ClassVar[tuple[str, ...]] = ()

    @model_serializer(mode="wrap")
    def _without_unused(self, written: SerializerFunctionWrapHandler) -> dict[str, Any]:
        content: dict[str, Any] = written(self)
        return {
            key: value for key, value in content.items() if key not in self.LATER or value not in (None, {})
        }


class Recipe(_Growing):
    """What checkpoints were audited with, as far as it can change a value or an interval.

    Two runs with equal recipes on the same images give the same result for the same checkpoint. The images are not
    named here: results carry their hashes. Device and batch size change the last bits alone and are left out.

    Attributes:
        model: ``arch NAME`` or ``model REFERENCE``.
        spec_sha256: of the spec's file, where the model is one.
        ready: whether pictures in memory were taken as cropped already; null, and not written, of others.
    """

    LATER: ClassVar[tuple[str, ...]] = ("ready",)

    model: str
    spec_sha256: str | None
    img_size: int | None
    groups: tuple[str, ...]
    boundary: str
    interpolation: str
    metrics: tuple[str, ...]
    layers: tuple[str, ...]
    samples: int
    norm_samples: int | None
    on_bad_image: str
    draw_seed: int
    seed: int
    confidence: float
    resamples: int
    ci: str
    precision: str
    image_weights: str | None = None
    labels: str | None = None
    ready: bool | None = None


class Record(Part):
    """One checkpoint's place on the track, and its audit.

    Attributes:
        label: the run or population that it belongs to.
        step_from: where the step was read, such as "the file name".
        file: the checkpoint or saved result, as it was named; of a result in memory ``in memory`` and its step.
        source: ``checkpoint`` where this track's own recipe audited it, ``result`` where it was read from a file.
    """

    label: str
    step: int
    step_from: str
    unit: Unit = "step"
    file: str
    source: Literal["checkpoint", "result"]
    result: Result


FailedPart = Literal["audit", "save", "log"]


class Failure(Part):
    """What could not be done at a step of a training; the training went on.

    Attributes:
        label: the run.
        what: ``audit``; or of an audit that was made, ``save`` or ``log``.
        error: what the error said.
    """

    label: str
    step: int
    what: FailedPart
    error: str

    def __str__(self) -> str:
        return f"step {self.step}, {self.what}: {self.error}"


class Row(Told):
    """One value on the track.

    Attributes:
        models: checkpoints behind it; copies with the same weights count once.
        value: the model's value, or the mean over models; null where undefined.
        ci: over images for one model, over models and images for a population; null
            where withheld.
        over: which of the two.
        within: for a population, the root mean square of the members' own half-widths over images.
    """

    label: str
    step: int
    metric: str
    group: str
    layer: str | None
    models: int
    value: float | None
    ci: tuple[float, float] | None
    over: Literal["images", "models"]
    within: float | None = None
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return in_line(
            "Row", self.step, self.metric, self.group, self.layer, with_limits(self.value, self.ci)
        )


@dataclass(frozen=True)
class AtStep:
    """One step of a track; ``track[200][metric, group]`` is its row of a measure and group.

    Attributes:
        rows: the values at this step: of a model, or the mean over the models of a population.
        records: its checkpoints, each with its whole result.
    """

    step: int
    rows: tuple[Row, ...]
    records: tuple[Record, ...]

    def __getitem__(self, key: str | tuple[str | None, ...]) -> Row:
        """The row of a measure, group, layer and label; a name may be left out where only one row fits the others.

        Raises:
            NoEntryError: a ``KeyError`` and ``InputError``: there is none, or several; it lists what there is.
        """
        return row_at(self.rows, (*KEYS, "label"), key, f"track[{self.step}]")

    def __contains__(self, key: object) -> bool:
        return bool(rows_at(self.rows, (*KEYS, "label"), key))

    def __repr__(self) -> str:
        return in_line("AtStep", self.step, f"{len(self.rows)} values")


class Track(_Growing, Presented):
    """The whole track; ``track[200]`` is one of its steps.

    Attributes:
        status: ``partial`` while checkpoints are still to be audited.
        recipe: null where every record was read from a saved result, or belongs to a run of ``recipes``.
        recipes: by their labels, of runs whose checkpoints were named with a network of their own; not written where
            there is none.
        confidence: coverage of all intervals.
        unit: what steps count; "step" where the names disagree.
        rows: what is shown, by group, metric and layer, then label, then step.
        records: what it was made from, by label, then step.
        pair_runs: finds the run in the names of the files; populations of two steps are then compared run by run.
        failures: what a ``Monitor`` could not do.
    """

    schema_: Literal["geed.track/1"] = Field("geed.track/1", alias="schema")
    status: Completeness
    recipe: Recipe | None
    confidence: float
    unit: Unit
    rows: tuple[Row, ...]
    records: tuple[Record, ...]
    pair_runs: str | None = None
    failures: tuple[Failure, ...] = ()
    recipes: dict[str, Recipe] = Field({})

    LATER: ClassVar[tuple[str, ...]] = ("recipes",)
    model_config = Part.model_config | {"populate_by_name": True}

    def recipe_of(self, label: str) -> Recipe | None:
        """What the checkpoints of a run were audited with."""
        return self.recipes.get(label, self.recipe)

    @property
    def steps(self) -> tuple[int, ...]:
        """The steps of all runs, each once, in their order."""
        return tuple(sorted({record.step for record in self.records}))

    def __getitem__(self, step: int) -> AtStep:
        """What the track has at a step.

        Raises:
            NoEntryError: a ``KeyError`` and ``InputError``: there is no such step; it lists those that there are.
        """
        if step not in self:
            steps = self.steps
            near = sorted(steps, key=lambda other: abs(other - step)) if isinstance(step, int) else steps
            order = ", nearest first:" if isinstance(step, int) and len(near) > 1 else ""
            more = f" and {len(near) - MOST_LISTED} more" if len(near) > MOST_LISTED else ""
            raise NoEntryError(
                f"this track has no step {printable(repr(step), 100)}",
                expected=f"one of its steps{order} {', '.join(map(str, near[:MOST_LISTED]))}{more}",
                remedy=f"track[{near[0]}]",
            )
        rows = tuple(row for row in self.rows if row.step == step)
        return AtStep(step, rows, tuple(record for record in self.records if record.step == step))

    def __contains__(self, step: object) -> bool:
        return isinstance(step, int) and step in self.steps

    def __repr__(self) -> str:
        steps, labels = self.steps, ", ".join(dict.fromkeys(record.label for record in self.records))
        span = f"{steps[0]} to {steps[-1]}" if len(steps) > 1 else f"{steps[0]}"
        values = f"{len(steps)} step{'s' * (len(steps) != 1)}, {len(self.rows)} values"
        partial = "partial" if self.status == "partial" else None
        return in_line("Track", f"{labels}:", f"{self.unit} {span};", values, partial)

    def plot(self, metric: str | None = None, group: str | None = None, layer: str | None = None) -> Figure:
        """A measure along training with its intervals, a line for each run, as a report page draws it.

        Its ``save`` writes .svg so, and .pdf and .png as ``--figure`` does, for a paper, by matplotlib.

        Args:
            metric: None is the first that is printed.
            group: None is the first.
            layer: of a measure of layers; None is the last.

        Raises:
            InputError: a measure, group or layer that the track does not have, or nothing to draw.
        """
        figure: Figure = drawing().trajectory_of(self, metric, group, layer)
        return figure

    def rows_and_columns(self) -> tuple[Columns, Rows]:
        """A row for each of ``rows``."""
        return COLUMNS, (
            (
                *(row.group, row.metric, row.layer, row.label, row.step, row.models),
                *(row.value, *limits(row.ci), row.over, row.within),
            )
            for row in self.rows
        )


COLUMNS: Columns = {
    "group": str, "metric": str, "layer": str, "label": str, "step": int, "models": int,
    "value": float, "low": float, "high": float, "over": str, "within": float,
}  # fmt: skip
"""Of a data frame, and of the file of --csv."""
