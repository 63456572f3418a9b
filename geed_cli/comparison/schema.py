"""The outcome of a comparison, ``geed.comparison/1``: one line for each measure, group and layer.

Every number is finite or null.
"""

from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import Field

from geed_cli.choices import OutputKind
from geed_cli.result.by_name import row_at, rows_at
from geed_cli.result.frames import Columns, Rows, Scalar, limits
from geed_cli.result.part import Part, Told, in_line, with_limits
from geed_cli.result.presented import Figure, Presented, drawing
from geed_cli.result.schema import KEYS, HiddenAction

Verdict = Literal["more", "less", "undecided", "incomparable", "identical", "rounding", "higher", "lower"]
"""``more``: further from invariance than the reference, after Holm's correction; never "equal". ``identical``: the same
rows, digit for digit; ``rounding``: no difference beyond what rounding alone makes. Of accuracy ``higher``
and ``lower``."""


class Subject(Part):
    """One side of a comparison: a model, or a population of checkpoints of one recipe.

    Attributes:
        output: the kind of what its networks put out.
        actions: what a spec declares groups to act on, beside maps; features among them are to move along.
        twin: weights of the random twin that was audited beside a single model.
        hidden_actions: what ``--discover`` found in a single model.
        weights: where the weights came from, one word for all models; None where they differ or nobody recorded it.
    """

    label: str
    models: tuple[str, ...]
    signatures: tuple[str, ...]
    output: OutputKind | None = Field(None, description="null where an earlier version did not record it")
    actions: tuple[str, ...] = ()
    twin: str | None = None
    hidden_actions: tuple[HiddenAction, ...] = ()
    weights: str | None = None

    @property
    def is_population(self) -> bool:
        """Whether intervals are over models and images."""
        return len(self.models) > 1


class Side(Part):
    """A subject's value in one line.

    Attributes:
        value: the model's value, or the mean over models.
        ci: over images, or over models and images for a population.
        within: for a population, the root mean square of the members' own half-widths over images.
        controls: of a single model, as its result has them.
    """

    value: float | None
    ci: tuple[float, float] | None
    within: float | None = None
    notes: tuple[str, ...] = ()
    controls: dict[str, float] = Field({})


class MarginTest(Part):
    """Whether other and reference are shown to be within a margin of each other: two one-sided tests.

    Attributes:
        margin: as it was asked for.
        amount: in the measure's own unit, at the reference's value; null where there is none.
        p_value: of a difference of the margin or more, for this line by itself; null where it cannot be tested.
        p_holm: corrected over the tests of the whole table.
        within: whether they are shown to be, after that correction.
        images_to_decide: forecast of when they would be; null where they are, or where no number of images would help.
    """

    margin: str
    amount: float | None
    p_value: float | None
    p_holm: float | None
    within: bool
    images_to_decide: int | None = None


class Delta(Part):
    """Other − reference.

    Attributes:
        value: the difference; positive where the other is further from invariance.
        ci: its interval, at the comparison's confidence: for this line by itself, unless all are simultaneous.
        p_value: of no difference, for this line by itself.
        p_holm: corrected over the whole table.
        verdict: after that correction.
        images_to_decide: forecast for an undecided line; null where no number of images would help.
        margin: the test of ``--margin``; null where none was asked for.
        effect: the difference over the standard deviation of the images' own differences; null where these are all
            the same, or nothing is paired over images.
        effect_ci: its interval, for this line by itself.
    """

    value: float | None
    ci: tuple[float, float] | None
    p_value: float | None
    p_holm: float | None
    verdict: Verdict
    images_to_decide: int | None = None
    margin: MarginTest | None = None
    effect: float | None = None
    effect_ci: tuple[float, float] | None = None
    notes: tuple[str, ...] = ()


class Line(Told):
    """One measure, group and layer: every subject's value, and every other's difference from the reference."""

    metric: str
    group: str
    layer: str | None
    sides: tuple[Side, ...] = Field(description="in the order of the subjects")
    deltas: tuple[Delta, ...] = Field(description="of the second subject and on")

    def __repr__(self) -> str:
        reference = with_limits(self.sides[0].value, None)
        others = ", ".join(f"{with_limits(each.value, each.ci, '+')} {each.verdict}" for each in self.deltas)
        return in_line("Line", self.metric, self.group, self.layer, f"{reference}: {others}")


class ClassLine(Line):
    """A line over the images of one class, M being that of all images."""

    label: int = Field(description="the place of the class among the network's outputs, as in class_names")
    images: int = Field(description="of the class")


class Comparison(Presented):
    """The whole table; ``comparison[metric, group]`` is its line of a measure and group.

    Attributes:
        simultaneous: whether all intervals of the table hold together with that confidence.
        margins: what ``--margin`` asked for.
    """

    schema_: Literal["geed.comparison/1"] = Field("geed.comparison/1", alias="schema")
    confidence: float
    method: str
    simultaneous: bool = False
    images: int
    clusters: int | None = Field(None, description="that the images are in, where these are drawn")
    paired: bool
    mismatches: tuple[str, ...] = ()
    margins: tuple[str, ...] = ()
    subjects: tuple[Subject, ...]
    lines: tuple[Line, ...]
    accuracy: tuple[Line, ...] = Field(
        (),
        description="what labels say: accuracy, worst_case and balanced_accuracy of each group, whose differences are "
        "larger where the other is right more often, and whose p_holm is corrected over these lines alone",
    )
    by_class: tuple[ClassLine, ...] = Field(
        (),
        description="every number of the whole network for each class, p_holm corrected over these lines alone; empty "
        "where it was not asked for",
    )
    class_names: dict[int, str] = Field({}, description="of the classes of by_class, where they are known")

    model_config = Part.model_config | {"populate_by_name": True}

    def __getitem__(self, key: str | tuple[str | None, ...]) -> Line:
        """The line of a measure, group and layer; a name may be left out where only one line fits the others.

        Raises:
            NoEntryError: a ``KeyError`` and ``InputError``: there is none, or several; it lists what there is.
        """
        return row_at((*self.lines, *self.accuracy), KEYS, key, "comparison")

    def __contains__(self, key: object) -> bool:
        return bool(rows_at((*self.lines, *self.accuracy), KEYS, key))

    def __repr__(self) -> str:
        first, *others = (subject.label for subject in self.subjects)
        against = f"{', '.join(others)} against {first}"
        images = f"{self.images} image{'s' * (self.images != 1)}"
        return in_line("Comparison", f"{against}:", f"{images}, {len(self.lines)} lines")

    def plot(self, metric: str | None = None, group: str | None = None, *, share_y: bool = False) -> Figure:
        """The figure of ``--figure``, which shows itself in a notebook and has ``save`` for .svg, .pdf and .png.

        Args:
            metric: a name or glob; None is what a track shows unasked, and measures of layers.
            group: None is all.
            share_y: whether panels of one measure have one vertical axis.

        Raises:
            InputError: no such measure or group, or no value.
            RunError: matplotlib, of the extra ``plot``, is not installed.
        """
        figure: Figure = drawing().values_of(self, metric, group, share_y=share_y)
        return figure

    def rows_and_columns(self) -> tuple[Columns, Rows]:
        """A row for each line and subject, with its difference from the first."""
        return COLUMNS, _rows(self)


COLUMNS: Columns = {
    "group": str, "metric": str, "layer": str, "subject": str,
    "value": float, "low": float, "high": float, "within": float,
    "difference": float, "difference_low": float, "difference_high": float,
    "p_value": float, "p_holm": float, "verdict": str, "images_to_decide": int, "notes": str,
    "null": float, "floor": float, "twin": float,
    "margin": float, "p_margin_holm": float, "within_margin": bool,
    "class": int, "class_name": str,
}  # fmt: skip
"""Of a data frame, and of the file of --csv."""


def _rows(comparison: Comparison) -> Iterator[Sequence[Scalar]]:
    none = Delta(value=None, ci=None, p_value=None, p_holm=None, verdict="incomparable")
    for line in (*comparison.lines, *comparison.accuracy, *comparison.by_class):
        label = line.label if isinstance(line, ClassLine) else None
        for subject, side, delta in zip(comparison.subjects, line.sides, (none, *line.deltas), strict=True):
            decision = (delta.p_value, delta.p_holm, delta.verdict, delta.images_to_decide)
            yield (
                *(line.group, line.metric, line.layer, subject.label),
                *(side.value, *limits(side.ci), side.within),
                *(delta.value, *limits(delta.ci)),
                *(decision if delta is not none else (None,) * 4),
                "; ".join(dict.fromkeys((*side.notes, *delta.notes))),
                *(side.controls.get(name) for name in ("null", "floor", "twin")),
                *_margin(delta),
                *(label, None if label is None else comparison.class_names.get(label)),
            )


def _margin(delta: Delta) -> tuple[float | None, float | None, bool | None]:
    """The margin in the measure's unit, its p-value after correction, and whether the line is within it."""
    tested = delta.margin
    return (None,) * 3 if tested is None else (tested.amount, tested.p_holm, tested.within)
