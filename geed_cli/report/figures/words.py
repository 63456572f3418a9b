"""What figures say of a series, and beside the axes in their caption."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from geed_cli.errors import InputError, meant
from geed_cli.measures.catalogue import measure_named
from geed_cli.measures.label_metrics import LABEL_METRICS, is_usual
from geed_cli.measures.measure import LayerMeasure
from geed_cli.report.html.drawing import name
from geed_cli.verdict.names import listed, sentence

LONGEST, LONGEST_PLACE = 60, 32
"""Characters of a series' name, and of a name at an axis; the end is kept, in which names of one kind differ."""


def named(label: str, models: int) -> str:
    """A series' name, of a population with its size."""
    return f"{name(label, LONGEST)} ({models} models)" if models > 1 else name(label, LONGEST)


def shown_measures(there: Sequence[str], asked: Sequence[str] = ()) -> tuple[str, ...]:
    """The measures that are drawn, each once in the order in which they are there.

    Args:
        there: names of measures that have a value.
        asked: names or globs; empty is what a track shows unasked and measures of layers, or all where neither is
            there.

    Raises:
        InputError: a name that fits none.
    """
    names = tuple(dict.fromkeys(there))
    for each in asked:
        if not any(fnmatchcase(known, each) for known in names):
            raise InputError(
                f"no value of {each} to draw",
                expected=f"{meant(each, names)}one of {', '.join(names)}" if names else "a value",
                remedy="choose another measure, or audit again with it",
            )
    if asked:
        return tuple(known for known in names if any(fnmatchcase(known, each) for each in asked))
    return tuple(known for known in names if _unasked(known)) or names


def _unasked(metric: str) -> bool:
    """Whether a figure has it where nothing was asked for."""
    if metric in LABEL_METRICS:
        return is_usual(metric)
    measure = measure_named(metric)
    return measure.usual or (isinstance(measure, LayerMeasure) and measure.beside is None)


def nearer(metrics: Iterable[str]) -> str:
    """What lower values mean, or higher ones, where they mean it of all measures."""
    names = tuple(metrics)
    measures = [measure_named(metric) for metric in names if metric not in LABEL_METRICS]
    readings = {(measure.of_invariance, measure.sign) for measure in measures}
    words = {(True, 1): "lower is nearer to invariance", (True, -1): "higher is nearer to invariance"}
    said = words.get(readings.pop(), "") if len(readings) == 1 else ""
    if len(measures) == len(names):
        return said
    of_measures = f"; of measures {said}" if measures and said else ""
    return f"of accuracy higher is better{of_measures}"


def intervals_over(confidence: float, over: Iterable[str], *, together: bool = False) -> str:
    """What the intervals of points are: ``95% intervals over images``; of nothing ``no intervals``.

    Args:
        confidence: of each, or of all.
        over: what each is over, ``images``, or ``models`` for a population's over models and images.
        together: whether they hold together.
    """
    kinds = set(over)
    if not kinds:
        return "no intervals"
    what = "models and images" if "models" in kinds else "images"
    mixed = ", over images where there is one model" * (len(kinds) > 1)
    return f"{100 * confidence:g}% intervals {'that hold together, ' * together}over {what}{mixed}"


def absent(names: Iterable[str]) -> str:
    """What has no value, and so no point."""
    found = list(names)
    return f"no value: {listed(found)}" if found else ""


def caption_of(*parts: str) -> str:
    """Sentences of parts, empty ones left out."""
    return " ".join(sentence(part) for part in parts if part)
