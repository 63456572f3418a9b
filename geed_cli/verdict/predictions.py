"""What a group does to the prediction: the top class, where the network reacts to its input at all."""

from collections.abc import Iterator, Mapping, Sequence

from geed_cli.choices import OutputKind
from geed_cli.measures.catalogue import measure_named
from geed_cli.measures.measure import VectorMeasure
from geed_cli.phrases import counted
from geed_cli.result.samples import output_kind
from geed_cli.result.schema import Entry, Group, Result
from geed_cli.verdict.classes import REASSURING
from geed_cli.verdict.digits import percent, percents, two_digits
from geed_cli.verdict.reaction import NO_REACTION, REACTS_LESS, insensitive
from geed_cli.verdict.way import way_of

CHANGES = 0.10
"""From a tenth of the copies on, by the whole interval, answers change: features that are called nearly or mostly
invariant have that beside them. The features' own class for less than a tenth is *nearly*."""
ASIDES: Mapping[OutputKind, str] = {"sigmoid": "labels change", "dense": "classes of pixels change"}
"""What changes, of kinds of output whose answer is no top class."""
LITTLE = 0.05
"""A softmax that moves less than this part of the way moves little: top classes that change were nearly tied."""


def aside(result: Result, group: Group, word: str) -> str:
    """What a reassuring verdict on the features must not hide: ``top classes change``; empty where it hides nothing.

    Args:
        result: the whole.
        group: of it.
        word: the verdict on the features.
    """
    if not word.startswith(REASSURING) or result.unsteady is not None:
        return ""
    entries = [e for e in result.results if e.group == group.name and e.value is not None]
    rate = next((entry for entry in entries if _is_rate(entry)), None)
    sure = rate is not None and rate.ci is not None and rate.ci[0] >= CHANGES
    if not sure or any(insensitive(entry, result) for entry in entries):
        return ""
    return ASIDES.get(output_kind(result), "top classes change")


def on_predictions(result: Result, group: Group) -> Iterator[str]:
    """One sentence: that the network hardly reacts, else how often its answer changes; none where nothing applies."""
    if result.unsteady is not None or group.order < 2:
        return
    entries = [e for e in result.results if e.group == group.name and e.value is not None]
    dull = next((entry for entry in entries if insensitive(entry, result)), None)
    if dull is not None:
        yield _insensitive(dull)
        return
    rate = next((entry for entry in entries if _is_rate(entry)), None)
    if rate is not None:
        yield _changes(result, group, rate) + _beside(entries, group, rate)


def _is_rate(entry: Entry) -> bool:
    measure = measure_named(entry.metric)
    return (
        isinstance(measure, VectorMeasure)
        and measure.site == "logits"
        and measure.against_plain
        and measure.percent
    )


def _insensitive(entry: Entry) -> str:
    sensitivity, value = entry.controls["sensitivity"], entry.value or 0.0
    if sensitivity < NO_REACTION:
        return "The output is the same for every image, which is no invariance."
    hardly = f"The output hardly reacts to any image ({two_digits(sensitivity)} nats between images)"
    if value >= sensitivity:
        return f"{hardly}, and no less to the group."
    if value > REACTS_LESS * sensitivity:
        return f"{hardly}: insensitive there, not invariant."
    return f"{hardly}, and to the group less still."


def _changes(result: Result, group: Group, entry: Entry) -> str:
    """How often the answer changes, of what, and the interval of that."""
    kind, rate, images = output_kind(result), entry.value or 0.0, result.data.count
    # a spec may say how the group acts on the classes, which then are to move along
    subject = "The top class" + ", moved back by the declared action," * ("logits" in result.model.actions)
    never = f"{subject} changed for no {'pixel' if kind == 'dense' else 'image'}"
    if kind == "sigmoid":
        subject, never = "At least one label", "No label changed for any image"
    of_images = group.order == 2 and kind != "dense"
    of = (
        f"of {counted(images, 'image')}" if of_images else "of the pixels" if kind == "dense" else "of copies"
    )
    if entry.ci is None:
        if rate == 0:
            return f"{never} of {images}." if kind != "dense" else f"{never}."
        return f"{subject} changed for {round(rate * images) if of_images else percent(rate)} {of}."
    span = percents(*entry.ci)
    return f"{never} ({span})." if rate == 0 else f"{subject} changes for {percent(rate)} {of} ({span})."


def _beside(entries: Sequence[Entry], group: Group, rate: Entry) -> str:
    """A sentence more where top classes change and the softmax hardly moves, by all of its interval."""
    for entry in entries:
        sensitivity, way = entry.controls.get("sensitivity"), way_of(entry, group.order)
        if (
            rate.value
            and sensitivity is not None
            and way is not None
            and way.ci is not None
            and way.ci[1] < LITTLE
        ):
            moved, between = two_digits(entry.value or 0.0), two_digits(sensitivity)
            return f" The softmax moves little all the same: {moved} nats, against {between} between images."
    return ""
