"""What a comparison says of one subject beside the first: further from invariance, nearer, or undecided, never equal.

Rows that are the same are identical, or no different but for rounding; within a margin is what was shown to be.

A claim is the comparison's own, which holds over the whole table; a limit of an interval is of its line alone. A
divergence that is low because a network hardly reacts to any image is called so.
"""

from collections.abc import Iterator, Sequence

from geed_cli.comparison.schema import ClassLine, Comparison, Delta, Line, Side
from geed_cli.measures.catalogue import measure_named
from geed_cli.measures.label_metrics import ACCURACY, LABEL_METRICS, in_percent
from geed_cli.measures.measure import LayerMeasure
from geed_cli.statistics.validity import MIN_IMAGES
from geed_cli.verdict.advice import ENOUGH, GOOD_NUMBER, MORE_CLUSTERS, STEADY
from geed_cli.verdict.digits import (
    difference_decimals,
    difference_text,
    forecast,
    most_of,
    number_text,
    percent,
    two_digits,
)
from geed_cli.verdict.features import FEATURES
from geed_cli.verdict.names import PLAIN, listed, sentence, stretches
from geed_cli.verdict.reaction import of_predictions, reacts_over
from geed_cli.verdict.said import Said

FURTHER, NEARER, UNDECIDED, ABSENT = "further", "nearer", "undecided", "absent"
IDENTICAL, NO_DIFFERENCE = "identical", "no difference"
"""The same rows, digit for digit; the same but for rounding."""
LARGER, SMALLER = "larger", "smaller"
"""Of M, which is no measure of invariance."""
HIGHER, LOWER = "higher", "lower"
"""Of accuracy."""
WITHIN = "within the margin"
"""Shown to be, whether or not a difference is shown, too."""
PLAIN_CLAIMS = {"more": FURTHER, "less": NEARER, "identical": IDENTICAL, "rounding": NO_DIFFERENCE}
LOWER_BUT_INSENSITIVE = "lower but insensitive"
"""A lower value of a prediction, of a network that hardly reacts to any image: no invariance."""
HIGHER_THAN_INSENSITIVE = "higher beside an insensitive one"
"""A higher value of a prediction than that of a first that hardly reacts: no loss of invariance."""


def claim_of(comparison: Comparison, line: Line, at: int) -> str:
    """What holds of one line: one of the words above, or ``absent``.

    Args:
        comparison: the whole.
        line: of it.
        at: which of the others, 0 being the second subject.
    """
    delta = line.deltas[at]
    if delta.value is None:
        return ABSENT
    claim = PLAIN_CLAIMS.get(delta.verdict, UNDECIDED)
    if claim not in {IDENTICAL, NO_DIFFERENCE} and delta.margin is not None and delta.margin.within:
        return WITHIN
    if line.metric in LABEL_METRICS:
        return {"higher": HIGHER, "lower": LOWER}.get(delta.verdict, claim)
    if not measure_named(line.metric).of_invariance:
        return {FURTHER: LARGER, NEARER: SMALLER}.get(claim, claim)
    if of_predictions(line.metric):
        # a network that hardly reacts is the other where the value is lower, and the first where it is higher
        dull = {NEARER: (at + 1, LOWER_BUT_INSENSITIVE), FURTHER: (0, HIGHER_THAN_INSENSITIVE)}.get(claim)
        if dull is not None and reaction_of(comparison, dull[0]) is not None:
            return dull[1]
    return claim


def reaction_of(comparison: Comparison, subject: int) -> float | None:
    """The sensitivity of a subject that hardly reacts to any image, in nats; None where it reacts or nobody knows."""
    kind = comparison.subjects[subject].output or "logits"
    for line in comparison.lines:
        sensitivity = line.sides[subject].controls.get("sensitivity")
        if (
            sensitivity is not None
            and comparison.images > 1
            and not reacts_over(sensitivity, comparison.images, kind)
        ):
            return sensitivity
    return None


def say_difference(comparison: Comparison, group: str, at: int, *, layers: bool = True) -> Said:
    """What is said of one other subject, under one group; ``layers`` is whether of its layers, too."""
    lines = [line for line in comparison.lines if line.group == group]
    if unsteady := [comparison.subjects[k].label for k in (0, at + 1) if _is_unsteady(lines, k)]:
        verb = "is" if len(unsteady) == 1 else "are"
        matter = f"{listed(unsteady)} {verb} no function of one image"
        reason = f"{matter}, so that values are about chance or neighbours, too."
        return Said(group, "no verdict", "No verdict.", (reason,))
    if _all_identical(lines, at):
        return Said(
            group,
            IDENTICAL,
            "Identical.",
            (f"Every row is the same as that of {comparison.subjects[0].label}.",),
        )
    whole = {line.metric: line for line in lines if line.layer is None}
    of = FEATURES if FEATURES in whole else next(iter(whole), "")
    claim = claim_of(comparison, whole[of], at) if of else ABSENT
    claims = {name: claim_of(comparison, whole[key], at) for key, name in PLAIN.items() if key in whole}
    verdict, reasons = _verdict(comparison, claim, whole.get(of), at)
    others = {name: each for name, each in claims.items() if each != ABSENT and name != PLAIN.get(of)}
    if of == FEATURES and others and {claim, *others.values()} in ({UNDECIDED}, {WITHIN}):
        verdict, others = sentence(f"{claim} in {listed([PLAIN[FEATURES], *others])}"), {}
    reasons += [*_predictions(others), *(_layers(comparison, lines, at) if layers else ())]
    reasons += _accuracy(comparison, group, at)
    return Said(group, "not compared" if claim == ABSENT else claim, verdict, tuple(reasons))


def difference_warnings(comparison: Comparison) -> tuple[str, ...]:
    """What changes the reading of the whole comparison."""
    said = [f"not comparable in {mismatch}" for mismatch in comparison.mismatches]
    if not comparison.paired:
        said.append("the images differ, so that nothing is paired and no difference is claimed")
    if untrained := [subject.label for subject in comparison.subjects if subject.weights == "random"]:
        verb = "has" if len(untrained) == 1 else "have"
        said.append(f"{listed(untrained)} {verb} random weights, which say nothing of a trained network")
    for number, subject in enumerate(comparison.subjects):
        reaction = reaction_of(comparison, number)
        if reaction is not None:
            lower = "a lower softmax or top class is no invariance"
            higher = "a higher one of others is no loss of it"
            hardly = f"{subject.label} hardly reacts to any image ({two_digits(reaction)} nats)"
            said.append(f"{hardly}; {lower}" if number else f"{hardly}; {lower}, and {higher}")
    return tuple(said)


def next_comparison(comparison: Comparison) -> str:
    """One line on what to do next; what it prints runs as it stands, beside the command that made the comparison."""
    lacking = _until_it_counts(comparison)
    if lacking:
        return lacking
    if all(_all_identical(comparison.lines, at) for at in range(len(comparison.subjects) - 1)):
        return "nothing is open: the rows are the same"
    still_open = [delta for delta in _differences(comparison) if _is_open(delta)]
    if still_open:
        return _what_decides(comparison, still_open)
    return "every difference is decided; hold releases to the first: geed init --ci github writes a gate"


def _what_decides(comparison: Comparison, still_open: Sequence[Delta]) -> str:
    """What would decide what is open: more images or checkpoints, where any number does, else a margin."""
    if any(forecast_of(delta) is not None for delta in still_open):
        return _would_decide(still_open)
    if any(subject.is_population for subject in comparison.subjects):
        return "more checkpoints may decide what is open"
    if comparison.images < MIN_IMAGES:
        return f"nothing is claimed of so few images; {ENOUGH}: --samples {GOOD_NUMBER}"
    if comparison.clusters is not None and comparison.clusters < MIN_IMAGES:
        return MORE_CLUSTERS
    if all(delta.ci is None for delta in still_open):
        return "more images may give what is open an interval"
    small = "" if comparison.margins else "; whether it is small: --margin 5%"
    return f"more images would not decide what is open{small}"


def _until_it_counts(comparison: Comparison) -> str:
    """What a comparison lacks before its differences mean something; empty where it lacks nothing."""
    subjects = comparison.subjects
    if any(_is_unsteady(comparison.lines, number) for number in range(len(subjects))):
        return STEADY
    if not comparison.paired:
        return "audit all of them on the same images: the same folder (--data) or pictures, --samples and --draw-seed"
    return "" if _differences(comparison) else "audit all of them with the same groups, measures and layers"


def _differences(comparison: Comparison) -> list[Delta]:
    """Those that have a value."""
    return [delta for line in comparison.lines for delta in line.deltas if delta.value is not None]


def _all_identical(lines: Sequence[Line], at: int) -> bool:
    """Whether every line that has a difference has the same rows."""
    verdicts = {line.deltas[at].verdict for line in lines if line.deltas[at].value is not None}
    return verdicts == {"identical"}


def _is_open(delta: Delta) -> bool:
    """Whether more images might tell more: a difference, or that it is within the margin that was asked for."""
    if delta.margin is not None and (delta.margin.within or delta.margin.images_to_decide is not None):
        return not delta.margin.within
    return delta.verdict == "undecided"


def forecast_of(delta: Delta) -> int | None:
    """About how many images would decide an open line: that it is within its margin, where that is in sight."""
    if not _is_open(delta):
        return None
    margin = None if delta.margin is None else delta.margin.images_to_decide
    return delta.images_to_decide if margin is None else margin


def _would_decide(still_open: Sequence[Delta]) -> str:
    """How many images may decide half of what is open, or all that has a forecast where that is less than half."""
    needed = sorted(count for delta in still_open if (count := forecast_of(delta)) is not None)
    half = (len(still_open) + 1) // 2
    enough = half <= len(needed)
    images = forecast(needed[half - 1] if enough else needed[-1])
    part = "half of what is open" if enough else f"{len(needed)} of {len(still_open)} that are open"
    part = "what is open" if len(still_open) == 1 else part
    return f"about {images} images may decide {part}: audit each with --samples {images.replace(',', '')}"


def shared_difference_decimals(lines: Sequence[Line]) -> int | None:
    """The decimals that the differences of several lines share: the most that any interval supports, four at most."""
    spans = [
        (line.metric, *delta.ci)
        for line in lines
        for delta in line.deltas
        if delta.ci is not None and delta.ci[0] != delta.ci[1]
    ]
    return most_of(difference_decimals(*span) for span in spans)


def side_text(line: Line, subject: int, decimals: int | None = None) -> str:
    """A subject's value with so many decimals, or those of the line's differences; a word where there is none."""
    value = line.sides[subject].value
    if value is None:
        return "none"
    if in_percent(line.metric):
        return percent(value)
    spans = [delta.ci for delta in line.deltas if delta.ci is not None and delta.ci[0] != delta.ci[1]]
    narrowest = min(spans, key=lambda span: span[1] - span[0], default=None)
    own = None if narrowest is None else difference_decimals(line.metric, *narrowest)
    return number_text(value, own if decimals is None else max(decimals, own or 0))


def delta_text(line: Line, at: int, *, sep: str = " to ", decimals: int | None = None) -> str:
    """The interval of a difference, ``none`` where there is none."""
    span = line.deltas[at].ci
    return "none" if span is None else difference_text(line.metric, *span, sep=sep, decimals=decimals)


def _is_unsteady(lines: Sequence[Line], subject: int) -> bool:
    return any("repeat" in line.sides[subject].controls for line in lines)


def _verdict(comparison: Comparison, claim: str, line: Line | None, at: int) -> tuple[str, list[str]]:
    """The verdict on the features, else on the first measure of the whole network, by name; and its numbers."""
    first = comparison.subjects[0].label
    if line is None:
        return "No measure of whole networks.", []
    if claim == ABSENT:
        notes = (
            *line.deltas[at].notes,
            *(note for side in (line.sides[0], line.sides[at + 1]) for note in side.notes),
        )
        what = "Features" if line.metric == FEATURES else line.metric
        return f"{what} not compared.", [sentence(notes[0])] if notes else []
    if line.metric != FEATURES:
        numbers = [] if claim in {UNDECIDED, IDENTICAL, NO_DIFFERENCE} else [_sides(line, at)]
        return f"By {line.metric} {claim}{' but for rounding' * (claim == NO_DIFFERENCE)}.", numbers
    if claim == UNDECIDED:
        return "Features undecided.", []
    numbers = [_numbers(line.sides[0], line.sides[at + 1], line.deltas[at], line)]
    if claim in _UNMOVED:
        margin = line.deltas[at].margin
        of = f", {margin.margin}" if claim == WITHIN and margin is not None else ""
        return _UNMOVED[claim].format(first=first, of=of), numbers if claim == WITHIN else []
    way = "further from" if claim == FURTHER else "nearer to"
    moved = all(
        "features" in subject.actions for subject in (comparison.subjects[0], comparison.subjects[at + 1])
    )
    return f"Features {way} {'equivariance' if moved else 'invariance'} than those of {first}.", numbers


_UNMOVED = {
    IDENTICAL: "Features identical to those of {first}.",
    NO_DIFFERENCE: "Features no different from those of {first} but for rounding.",
    WITHIN: "Features within the margin of those of {first}{of}.",
}


def _numbers(first: Side, other: Side, delta: Delta, line: Line) -> str:
    """The two values and the interval of their difference: ``0.108 against 0.096 (+0.009 to +0.017)``."""
    decimals = None if delta.ci is None else difference_decimals(line.metric, *delta.ci)
    values = [number_text(side.value or 0.0, decimals) for side in (other, first)]
    span = "" if delta.ci is None else f" ({difference_text(line.metric, *delta.ci)})"
    return f"{values[0]} against {values[1]}{span}."


def _predictions(claims: dict[str, str]) -> Iterator[str]:
    """What is claimed of the predictions: ``Softmax further, top class undecided``."""
    together = {
        claim: [name for name in claims if claims[name] == claim] for claim in dict.fromkeys(claims.values())
    }
    if together:
        yield sentence(", ".join(f"{listed(names)} {claim}" for claim, names in together.items()))


def _layers(comparison: Comparison, lines: Sequence[Line], at: int) -> Iterator[str]:
    """The layers' own measure: which are further, which nearer, how many undecided or absent."""
    own = [line for line in lines if line.layer is not None and _is_own(line.metric)]
    claims = {line.layer or "": claim_of(comparison, line, at) for line in own}
    order, parts = list(claims), []
    for claim in (FURTHER, NEARER):
        names = [layer for layer in order if claims[layer] == claim]
        parts += [f"{claim} {stretches(names, order)}"] if names else []
    for claim in (WITHIN, NO_DIFFERENCE, IDENTICAL, UNDECIDED, ABSENT):
        count = sum(each == claim for each in claims.values())
        parts += [f"{count} {claim}"] if count else []
    if parts:
        yield f"Layers: {', '.join(parts)}."


def surest_first(lines: Sequence[ClassLine]) -> list[ClassLine]:
    """Lines of classes by the smallest corrected p-value of any difference, then by the largest difference."""

    def size(line: ClassLine) -> float:
        return max(abs(delta.value or 0.0) for delta in line.deltas)

    def chance(line: ClassLine) -> float:
        return min((delta.p_holm for delta in line.deltas if delta.p_holm is not None), default=2.0)

    return sorted(sorted(lines, key=size, reverse=True), key=chance)


def accuracy_line(comparison: Comparison, group: str) -> Line | None:
    """That of the pictures as they are; None without labels."""
    found = [line for line in comparison.accuracy if (line.metric, line.group) == (ACCURACY, group)]
    return found[0] if found else None


def _accuracy(comparison: Comparison, group: str, at: int) -> Iterator[str]:
    """How often both are right, as in "Accuracy higher: 81% against 77% (+1 to +7%)"."""
    line = accuracy_line(comparison, group)
    if line is None or line.deltas[at].value is None:
        return
    yield f"Accuracy {claim_of(comparison, line, at)}: {_sides(line, at)}"


def _sides(line: Line, at: int) -> str:
    """The two values as the table has them, and the interval of their difference."""
    span = "" if line.deltas[at].ci is None else f" ({delta_text(line, at)})"
    return f"{side_text(line, at + 1)} against {side_text(line, 0)}{span}."


def _is_own(metric: str) -> bool:
    measure = measure_named(metric)
    return isinstance(measure, LayerMeasure) and measure.beside is None
