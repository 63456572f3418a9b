"""What stands below the tables: were the images enough, and how to read the numbers."""

from collections.abc import Iterator

from geed_cli.measures.catalogue import BY_NAME
from geed_cli.measures.control import CONTROLS
from geed_cli.report.numbers import number
from geed_cli.result.samples import narrow_enough, output_kind
from geed_cli.result.schema import Result
from geed_cli.statistics.enough import images_to_halve

HIDDEN_ACTIONS_READING = (
    "explained: how much of the way from another image's maps to perfect equivariance, without → with the hidden "
    "action that was found; null: the same fit to another image's maps; defect: 0 where the maps compose as G."
)


def legend(result: Result) -> Iterator[str]:
    """One line for each measure shown, and one on what larger means."""
    yield ""
    yield "Larger means further from invariance (values, raw means, bars)."
    there = {entry.metric for entry in result.results if entry.status != "not_applicable"}
    kind = output_kind(result)
    shown = [measure for name, measure in BY_NAME.items() if name in there]
    # what is shown beside another measure is explained after all that stand by themselves
    yield from (m.reading_of(kind) for m in sorted(shown, key=lambda measure: measure.beside is not None))
    yield from _controls(result)
    from_mean = "latent measures" if kind in ("dense", "none") else "latent and softmax measures"
    yield (
        "M: mean over pairs of different images. furthest: the element with the largest mean of its own, which for "
        f"{from_mean} is its distance from the orbit's mean, not from e."
    )


def _controls(result: Result) -> Iterator[str]:
    """One line for each control shown."""
    shown = {name for entry in result.results for name in entry.controls}
    yield from (control.reading for name, control in CONTROLS.items() if name in shown and control.reading)
    if result.hidden_actions:
        yield HIDDEN_ACTIONS_READING


def enough(result: Result) -> Iterator[str]:
    """The width reached, and how many images would halve it; the looks of a growing run."""
    widths: dict[str, float] = {}
    for entry in result.results:
        if entry.ci is not None:
            widths[entry.metric] = max(widths.get(entry.metric, 0.0), entry.ci[1] - entry.ci[0])
    if widths:
        yield ""
        shown = ", ".join(f"{metric} {number(width)}" for metric, width in widths.items())
        count = result.data.count
        yield f"Enough images? With {count} the widest intervals are: {shown}."
        yield f"About {images_to_halve(count)} would halve them."
    yield from _looks(result)


def _looks(result: Result) -> Iterator[str]:
    looks = result.settings.looks
    if looks is None:
        return
    planned = ", ".join(map(str, looks.sizes))
    reached = "reached" if narrow_enough(result) else "not reached"
    yield (
        f"Looks: {looks.used} of {len(looks.sizes)} ({planned} images); width {looks.width:g} of {looks.metric} "
        f"{reached}. Intervals are at {100 * looks.confidence:.2f}%, so that looking again costs no coverage."
    )
