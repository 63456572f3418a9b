"""What the page says first: whether it is evidence for a release, and what each group amounts to for each model."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from geed_cli.comparison.schema import Comparison
from geed_cli.gate.policy import FEWEST_IMAGES
from geed_cli.phrases import counted
from geed_cli.report.html.drawing import name
from geed_cli.report.html.shown_model import ShownModel
from geed_cli.result.samples import independent
from geed_cli.verdict.audit import next_step, say, warnings
from geed_cli.verdict.cautions import RANDOM
from geed_cli.verdict.comparison import difference_warnings, say_difference
from geed_cli.verdict.names import listed
from geed_cli.verdict.transformations import TRANSFORMING, action_of

ENOUGH_FOR_A_RELEASE = max(FEWEST_IMAGES.values())
"""What a policy asks for unless it says otherwise."""


@dataclass(frozen=True)
class Answer:
    """What is said of one model under one group: a verdict, the reasons, and what it is beside the first model."""

    model: ShownModel
    verdict: str
    reasons: str
    beside: str = ""


def answers(models: Sequence[ShownModel], group: str, comparison: Comparison | None) -> list[Answer]:
    """The first model in full, others by their verdict and what the comparison says of them."""
    found = []
    for at, model in enumerate(models):
        if group not in model.groups:
            found.append(Answer(model, "Not audited under this group.", ""))
            continue
        said = say(model.result, group)
        beside = ""
        if at and comparison is not None:
            # layers have their own signs in the comparison's table
            against = say_difference(comparison, group, at - 1, layers=False)
            beside = name(" ".join([against.verdict, *against.reasons]), 2000)
        reasons = " ".join(said.reasons if at == 0 else said.reasons[:2])
        found.append(Answer(model, name(said.verdict, 500), name(reasons, 2000), beside))
    return found


def headline(models: Sequence[ShownModel]) -> str:
    """The page's question: ``Does lite0 treat mirrored and turned images alike?``."""
    trained = [model.label for model in models if not model.untrained] or [models[0].label]
    every = dict.fromkeys(action_of(group).done for model in models for group in model.result.groups)
    done = [each for each in every if each != TRANSFORMING.done]
    kinds = list(dict.fromkeys(kind for each in done for kind in each.split(" and ")))
    subject = listed(trained) if len(trained) < 5 else counted(len(trained), "model")
    return f"{'Do' if len(trained) > 1 else 'Does'} {subject} treat {listed(kinds or ['transformed'])} images alike?"


def no_basis(models: Sequence[ShownModel]) -> Iterator[str]:
    """Why the page is no basis for a release, each reason a sentence; nothing where it may be one."""
    first = models[0].result
    if first.data.bundled_sample:
        yield "The images are the bundled sample; audit your own with -d DIR."
    count, noun = independent(first.data)
    if count < ENOUGH_FOR_A_RELEASE:
        verb = "is" if count == 1 else "are"
        yield f"{counted(count, noun)} {verb} few: a release takes {ENOUGH_FOR_A_RELEASE} or more."
    if models[0].untrained:
        yield f"{models[0].label} has random weights."
    if unsteady := [model.label for model in models if model.result.unsteady is not None]:
        yield f"{listed(unsteady)} {'is' if len(unsteady) == 1 else 'are'} no function of one image."
    if partial := [model.label for model in models if model.result.status == "partial"]:
        yield f"The run of {listed(partial)} ended early."


def limits(models: Sequence[ShownModel], comparison: Comparison | None) -> list[str]:
    """What changes the reading, each once, with the models that it holds for where that is not all of them."""
    said: dict[str, list[str]] = {}
    for model in models:
        for warning in warnings(model.result):
            if warning == RANDOM and comparison is not None:
                continue  # the comparison says it, by name
            said.setdefault(warning, []).append(model.label)
    lines = [
        warning if len(labels) == len(models) else f"{listed(labels)}: {warning}"
        for warning, labels in said.items()
    ]
    lines += difference_warnings(comparison) if comparison is not None else ()
    return [name(each, 2000) for each in lines]


def next_steps(models: Sequence[ShownModel]) -> str:
    """What to do next about the first model."""
    return name(next_step(models[0].result), 2000)
