"""What labels say of predictions, by name: in which unit, and which way is better.

These are no integrands m of eq. (4): they say how often a network is right, not how far from invariance it is. So a
larger number does not mean the same as of a measure, and no glob for measures selects them.
"""

from dataclasses import dataclass

from geed_cli.measures.catalogue import BY_NAME, measure_named


@dataclass(frozen=True)
class LabelMetric:
    """One of them.

    Attributes:
        title: in words.
        larger_is_better: also of a change, which is below 0 where accuracy falls.
        low: the least value.
        high: the largest.
    """

    title: str
    larger_is_better: bool = True
    low: float = 0.0
    high: float = 1.0


ACCURACY, WORST_CASE, BALANCED = "accuracy", "worst_case", "balanced_accuracy"
CALIBRATION, CHANGE = "calibration_error", "accuracy.change"
LABEL_METRICS: dict[str, LabelMetric] = {
    ACCURACY: LabelMetric("accuracy"),
    CHANGE: LabelMetric("change of accuracy", low=-1.0),
    WORST_CASE: LabelMetric("accuracy, worst case"),
    BALANCED: LabelMetric("balanced accuracy"),
    CALIBRATION: LabelMetric("calibration error", larger_is_better=False),
}
"""By name, in the order of tables; ``accuracy.change`` is accuracy under an element less that under e."""


def perfect_of(metric: str) -> float | None:
    """The value of a perfectly invariant network; None of what labels say, and where there is none.

    Raises:
        InputError: an unknown name.
    """
    return None if metric in LABEL_METRICS else measure_named(metric).perfect


def is_usual(metric: str) -> bool:
    """Whether a track shows it where nothing was asked for.

    Raises:
        InputError: an unknown name.
    """
    return metric in {ACCURACY, WORST_CASE} if metric in LABEL_METRICS else measure_named(metric).usual


def in_percent(metric: str) -> bool:
    """Whether values of a measure, or of what labels say, are shown in percent.

    Raises:
        InputError: a name that is neither.
    """
    return metric in LABEL_METRICS or measure_named(metric).percent


def readable_as(name: str) -> LabelMetric | None:
    """What labels say by that name, or a measure of which larger is better; None of all others, and of globs."""
    measure = BY_NAME.get(name)
    if measure is not None and measure.larger_is_better:
        return LabelMetric(measure.label, low=measure.scale.lo, high=measure.best)
    return LABEL_METRICS.get(name)


def larger_is_better() -> tuple[str, ...]:
    """The names of what is better the larger it is."""
    measures = (name for name, measure in BY_NAME.items() if measure.larger_is_better)
    return (*(name for name, each in LABEL_METRICS.items() if each.larger_is_better), *measures)


def sign_of(metric: str) -> int:
    """Which way a difference counts: −1 of a measure of which larger is nearer to invariance, else 1.

    Of what labels say a difference is shown from lower to higher, whichever is better.
    """
    return 1 if metric in LABEL_METRICS else measure_named(metric).sign


def forecasts(metric: str) -> bool:
    """Whether it can be told how many images would do: not where the value moves with their number."""
    return metric in LABEL_METRICS or measure_named(metric).forecasts
