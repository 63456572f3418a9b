"""What labels say of predictions, by name: in which unit, and which way is better.

These are no integrands m of eq. (4): they say how often a network is right, not how far from invariance it is. So a
larger number does not mean the same as of a measure, and no glob for measures selects them.
"""

from dataclasses import dataclass

from geed_cli.measures.catalogue import measure_named


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


def in_percent(metric: str) -> bool:
    """Whether values of a measure, or of what labels say, are shown in percent.

    Raises:
        InputError: a name that is neither.
    """
    return metric in LABEL_METRICS or measure_named(metric).percent
