"""The tested values as metadata of a Hugging Face model card, in the model-index form.

One result for each group, with the values that the policy is about; paste it into the front matter of the
card's README.md. Verdicts stay out: a card states what was measured.
"""

from collections.abc import Iterator
from pathlib import PurePath

import yaml

from geed_cli.gate.outcome import Examined, GateReport, Judged
from geed_cli.measures.catalogue import measure_named
from geed_cli.measures.label_metrics import LABEL_METRICS
from geed_cli.report.console import plain
from geed_cli.report.gate.wording import entry_name

IMAGE_CLASSIFICATION = {"type": "image-classification", "name": "Image Classification"}


def to_card(report: GateReport) -> str:
    """The ``model-index`` as YAML; ready for a card's front matter."""
    index = [
        {"name": plain(model.id), "results": results}
        for model in report.models
        if (results := list(_results(report, model)))
    ]
    return yaml.safe_dump({"model-index": index}, sort_keys=False, allow_unicode=True, width=110)


def _results(report: GateReport, model: Judged) -> Iterator[dict[str, object]]:
    measured: dict[tuple[str, str, str | None, str | None], Examined] = {}
    for outcome in report.outcomes:
        if outcome.model == model.label:
            for entry in outcome.examined:
                if entry.value is not None:
                    measured.setdefault((entry.group, entry.metric, entry.layer, entry.element), entry)
    for group in dict.fromkeys(entry.group for entry in measured.values()):
        yield {
            "task": dict(IMAGE_CLASSIFICATION),
            "dataset": _dataset(model),
            "metrics": [_metric(entry) for entry in measured.values() if entry.group == group],
        }


def _dataset(model: Judged) -> dict[str, object]:
    """The images. Of their folder only the name is given, because a full path may be private."""
    return {
        "name": plain(PurePath(model.data).name or model.data),
        "type": "imagefolder",
        "args": {"images": model.images, "signature": plain(model.signature), "geed": plain(model.geed)},
    }


def _metric(entry: Examined) -> dict[str, object]:
    labelled = LABEL_METRICS.get(entry.metric)
    reading = "" if labelled is not None else measure_named(entry.metric).reading
    if labelled is not None:
        reading = f"{'larger' if labelled.larger_is_better else 'smaller'} is better"
    within = "," if entry.element is not None else " under"
    return {
        "type": entry.metric,
        "name": f"{entry_name(entry)}{within} {plain(entry.group)} ({reading})",
        "value": entry.value,
        "args": {
            "group": plain(entry.group),
            "layer": entry.layer and plain(entry.layer),
            "images": entry.images,
        },
    }
