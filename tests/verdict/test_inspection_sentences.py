"""What inspections say: constructed situations with all of their sentences, the next step, and what explains them."""

from dataclasses import dataclass

import pytest
from support.constructed import inspected

from geed_cli.report.explain.topics import topic_of
from geed_cli.verdict.inspection import (
    FULL,
    NONE,
    PART,
    InspectedLayer,
    Inspection,
    Refusal,
    next_inspection,
    say_inspection,
)


@dataclass(frozen=True)
class Situation:
    """What was found of a network, and what is said of it.

    Attributes:
        name: what the situation is.
        found: the inspection.
        text: verdict and reasons; each warning behind a ``!``; the next step behind a ``>``.
    """

    name: str
    found: Inspection
    text: str


AUDIT = "audit it: geed audit net -g flip"
SPLIT = "Features are the input of fc, 512 numbers for each image."
LOGITS = "Predictions are read of 10 logits (inferred); the classifier is fc."
TWO = (InspectedLayer("layer1"), InspectedLayer("layer2"))
NO_MAP = "its output of shape 10 is no channels × height × width map"
OPEN = InspectedLayer("layer2", "its output of shape 8×8×8 does not say which", "layouts: {layer2: nchw}")
MOVED = "the same picture, shown again, moved its output by 12% (it draws random numbers)"
RANDOM = "! the weights are random, so the numbers say nothing of a trained network"

SITUATIONS = [
    Situation(
        "everything",
        inspected(*TWO),
        f"Can be audited: features, predictions and 2 layers. {SPLIT} {LOGITS} Layers: layer1 and layer2. > {AUDIT}",
    ),
    Situation(
        "one layer",
        inspected(TWO[0]),
        f"Can be audited: features, predictions and 1 layer. {SPLIT} {LOGITS} Layers: layer1. > {AUDIT}",
    ),
    Situation(
        "one number",
        inspected(*TWO, features=1),
        "Can be audited: features, predictions and 2 layers. Features are the input of fc, 1 number for each image. "
        f"{LOGITS} Layers: layer1 and layer2. > {AUDIT}",
    ),
    Situation(
        "a stage without maps",
        inspected(*TWO, InspectedLayer("pool", NO_MAP)),
        f"Can be audited: features, predictions and 2 of 3 layers. {SPLIT} {LOGITS} Layers: layer1 and layer2. "
        f"! pool cannot be measured: {NO_MAP} > {AUDIT}",
    ),
    Situation(
        "a hole between two stretches, and many left out",
        inspected(*TWO, *(InspectedLayer(f"pool{n}", NO_MAP) for n in range(5)), InspectedLayer("layer3")),
        f"Can be audited: features, predictions and 3 of 8 layers. {SPLIT} {LOGITS} Layers: layer1 and layer2, layer3. "
        "! pool0, pool1, pool2 and 2 more cannot be measured: their output of shape 10 is no channels × height × "
        f"width map > {AUDIT}",
    ),
    Situation(
        "a layout that cannot be told, of a library's network",
        inspected(TWO[0], OPEN),
        f"Can be audited: features, predictions and 1 of 2 layers. {SPLIT} {LOGITS} Layers: layer1. ! layer2 cannot be "
        "measured: its output of shape 8×8×8 does not say which > write a spec, and say in it what could not be told: "
        "geed inspect net --write-spec my_model.yaml",
    ),
    Situation(
        "the same of a spec",
        inspected(TWO[0], OPEN, spec="mine.yaml"),
        f"Can be audited: features, predictions and 1 of 2 layers. {SPLIT} {LOGITS} Layers: layer1. ! layer2 cannot be "
        "measured: its output of shape 8×8×8 does not say which > say in mine.yaml what could not be told, then "
        "geed audit net -g flip",
    ),
    Situation(
        "no stages",
        inspected(),
        f"Can be audited in part: features and predictions, no layers. {SPLIT} {LOGITS} No layers: the network has no "
        f"stages that can be found; name some with --layer. > {AUDIT}",
    ),
    Situation(
        "a backbone",
        inspected(*TWO, kind="none", reason="the network has no classifier"),
        f"Can be audited in part: features and 2 layers, no predictions. {SPLIT} No predictions: the network has no "
        f"classifier. Layers: layer1 and layer2. > {AUDIT}",
    ),
    Situation(
        "one logit, which a spec can declare",
        inspected(*TWO, kind="none", reason="one number; for the logit of a label declare split: {output: sigmoid}"),
        f"Can be audited in part: features and 2 layers, no predictions. {SPLIT} No predictions: one number; for the "
        "logit of a label declare split: {output: sigmoid}. Layers: layer1 and layer2. > write a spec, and say in it "
        "what could not be told: geed inspect net --write-spec my_model.yaml",
    ),
    Situation(
        "features alone",
        inspected(InspectedLayer("pool", NO_MAP), kind="none", reason="the network has no classifier"),
        f"Can be audited in part: features, no predictions and no layers. {SPLIT} No predictions: the network has no "
        f"classifier. ! pool cannot be measured: {NO_MAP} > {AUDIT}",
    ),
    Situation(
        "labels, as declared",
        inspected(*TWO, kind="sigmoid", shape=(3,), declared=True),
        f"Can be audited: features, predictions and 2 layers. {SPLIT} Predictions are read of logits of 3 independent "
        f"labels (declared); the classifier is fc. Layers: layer1 and layer2. > {AUDIT}",
    ),
    Situation(
        "scores per pixel, without a classifier",
        inspected(*TWO, kind="dense", shape=(3, 8, 8), declared=True, classifier=None),
        f"Can be audited: features, predictions and 2 layers. {SPLIT} Predictions are read of logits of 3 classes for "
        f"each of 8×8 pixels (declared). Layers: layer1 and layer2. > {AUDIT}",
    ),
    Situation(
        "random weights",
        inspected(*TWO, origin="random"),
        f"Can be audited: features, predictions and 2 layers. {SPLIT} {LOGITS} Layers: layer1 and layer2. {RANDOM} "
        f"> {AUDIT}",
    ),
    Situation(
        "no function of one image",
        inspected(*TWO, unsteady=MOVED),
        f"Cannot be audited as it is. The network is no function of one image: {MOVED}. {SPLIT} {LOGITS} Layers: "
        "layer1 and layer2. > see beside every value how far it moves by itself: geed audit net -g flip --on-unsteady "
        "report",
    ),
    Situation(
        "a layer of the spec that is no map",
        inspected(refusal=Refusal("layer 'fc' of net cannot be measured: no map", "maps", "choose another: geed x")),
        "Cannot be audited as it is. Layer 'fc' of net cannot be measured: no map. Expected: maps. > choose another: "
        "geed x",
    ),
]  # fmt: skip


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda each: each.name)
def test_every_situation_has_its_sentences(situation: Situation) -> None:
    """Verdict, reasons, warnings and next step, to the letter; each of the words is explained."""
    said = say_inspection(situation.found)
    warnings = [f"! {line}" for line in said.warnings]
    text = " ".join([said.verdict, *said.reasons, *warnings, f"> {next_inspection(situation.found)}"])
    assert text == situation.text
    for word in (said.word, said.key, said.verdict):
        assert topic_of(word).explained.what
    for warning in said.warnings:
        assert topic_of(warning).heading == "warnings", warning


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda each: each.name)
def test_no_verdict_contradicts_what_it_was_made_from(situation: Situation) -> None:
    """In full only where features, predictions and a layer are there, and nothing stands in the way."""
    found, said = situation.found, say_inspection(situation.found)
    assert found.model.output is not None
    stopped = found.refusal is not None or found.unsteady is not None
    layers = [layer for layer in found.layers if layer.why_not is None]
    whole = found.model.output.kind != "none" and bool(layers)
    assert said.word == (NONE if stopped else FULL if whole else PART)
