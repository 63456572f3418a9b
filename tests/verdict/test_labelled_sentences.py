"""What is said of labels: one sentence of the pictures as they are, one of the element that takes most."""

import pytest
from support.constructed import features, flips, group, result

from geed_cli.result.schema import Accuracy
from geed_cli.verdict.audit import say

Limits = tuple[float, float] | None


def accuracy(value: float, ci: Limits, of: str = "flip", **changes: tuple[float, float, Limits]) -> Accuracy:
    """By element its accuracy, the change, and the limits of that."""
    return Accuracy(
        metric="accuracy",
        group=of,
        value=value,
        ci=ci,
        per_element={"e": value} | {name: each[0] for name, each in changes.items()},
        change={name: each[1] for name, each in changes.items()},
        change_ci={name: each[2] for name, each in changes.items()},
    )


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (
            accuracy(0.81, (0.77, 0.84), m=(0.79, -0.02, (-0.04, 0.01))),
            "Accuracy on 200 labelled images is 81% (77 to 84%). Under m it is 79%: -2 points (-4 to +1), which may be "
            "chance.",
        ),
        (
            accuracy(0.81, None, m=(0.79, -0.02, None)),
            "Accuracy on 200 labelled images is 81%. Under m it is 79%: -2 points.",
        ),
        (
            accuracy(0.81, (0.77, 0.84), m=(0.81, 0.0, (-0.01, 0.01))),
            "Accuracy on 200 labelled images is 81% (77 to 84%). Under m it is 81%: 0 points (-1 to +1), which may be "
            "chance.",
        ),
        (
            accuracy(0.5, (0.4, 0.6), m=(0.504, 0.004, (0.001, 0.2))),
            "Accuracy on 200 labelled images is 50% (40 to 60%). Under m it is 50%: +0.4 points (+0.1 to +20.0).",
        ),
        (
            accuracy(0.81, (0.77, 0.84), "c4", r90=(0.7, -0.11, None), r180=(0.62, -0.19, (-0.24, -0.14))),
            "Accuracy on 200 labelled images is 81% (77 to 84%). Under r180, where it is lowest, it is 62%: -19 points "
            "(-24 to -14 for all elements together).",
        ),
        (
            accuracy(0.81, (0.77, 0.84), "c4", r90=(0.81, 0.0, (-0.1, 0.1)), r180=(0.9, 0.09, (0.01, 0.2))),
            "Accuracy on 200 labelled images is 81% (77 to 84%). Under no element is it lower.",
        ),
        (accuracy(0.0, (0.0, 0.02), "c4"), "Accuracy on 200 labelled images is 0% (0 to 2%)."),
    ],
)
def test_what_is_said(found: Accuracy, text: str) -> None:
    """Behind the predictions."""
    audited = result(
        features(0.4, 0.37, 0.44, of=found.group),
        flips(0.1, 0.06, 0.15, of=found.group),
        groups=[group(found.group)],
        accuracy=[found],
    )
    assert say(audited, found.group).reasons[-1 - bool(found.change) :] == tuple(
        part + "." for part in text.removesuffix(".").split(". ")
    )
    assert (
        say(audited.model_copy(update={"accuracy": ()}), found.group).reasons
        == say(audited, found.group).reasons[: -1 - bool(found.change)]
    )
