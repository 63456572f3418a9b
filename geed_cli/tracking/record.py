"""One recipe along training, ``geed.track/1``: what the table and the figure show, and every result behind it.

A track is all that resuming and drawing again need. Every number is finite or null.
"""

from typing import Literal

from pydantic import Field

from geed_cli.result.schema import Completeness, Part, Result

SCHEMA = "geed.track/1"
Unit = Literal["step", "iteration", "epoch"]
"""What a step counts, as far as file names say it."""


class Recipe(Part):
    """What checkpoints were audited with, as far as it can change a value or an interval.

    Two runs with equal recipes on the same images give the same result for the same checkpoint. The images are not
    named here: results carry their hashes. Device and batch size change the last bits alone and are left out.

    Attributes:
        model: ``arch NAME`` or ``model REFERENCE``.
        spec_sha256: of the spec's file, where the model is one.
    """

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


class Record(Part):
    """One checkpoint's place on the track, and its audit.

    Attributes:
        label: the run or population that it belongs to.
        step_from: where the step was read, such as "the file name".
        file: the checkpoint or saved result, as it was named.
        source: ``checkpoint`` where this track's own recipe audited it, ``result`` where it was read from a file.
    """

    label: str
    step: int
    step_from: str
    unit: Unit = "step"
    file: str
    source: Literal["checkpoint", "result"]
    result: Result


class Row(Part):
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


class Track(Part):
    """The whole track.

    Attributes:
        status: ``partial`` while checkpoints are still to be audited.
        recipe: null where every record was read from a saved result.
        confidence: coverage of all intervals.
        unit: what steps count; "step" where the names disagree.
        rows: what is shown, by group, metric and layer, then label, then step.
        records: what it was made from, by label, then step.
        pair_runs: finds the run in the names of the files; populations of two steps are then compared run by run.
    """

    schema_: Literal["geed.track/1"] = Field("geed.track/1", alias="schema")
    status: Completeness
    recipe: Recipe | None
    confidence: float
    unit: Unit
    rows: tuple[Row, ...]
    records: tuple[Record, ...]
    pair_runs: str | None = None

    model_config = Part.model_config | {"populate_by_name": True}
