"""What an inspection says of a network: whether it can be audited, of what, what stands in the way, and one next step.

It is made of what was resolved and traced alone, before any image of the user's is shown.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from geed_cli.phrases import counted, some
from geed_cli.result.schema import Model, Output
from geed_cli.verdict.cautions import RANDOM
from geed_cli.verdict.names import listed, sentence, stretches
from geed_cli.verdict.said import Said

DECLARE = "declare "
"""What a reason has where a spec can say what cannot be told."""
FULL, PART, NONE = "can be audited", "can be audited in part", "cannot be audited as it is"
"""The verdicts as words; an audit that ends in an error is none."""


@dataclass(frozen=True)
class Refusal:
    """Why an audit of the network would end before its first number.

    Attributes:
        found: what was found, without a full stop.
        expected: what would have been right.
        remedy: what to try.
    """

    found: str
    expected: str
    remedy: str


@dataclass(frozen=True)
class InspectedLayer:
    """A layer that an audit would take: one that a spec names, or a stage of the network.

    Attributes:
        name: of the module, or of its call.
        why_not: why it has no maps to compare, as a clause; None where it has.
        declare: what a spec would have to say for it to be read.
    """

    name: str
    why_not: str | None = None
    declare: str | None = None


@dataclass(frozen=True)
class InspectedModule:
    """A row of the table.

    Attributes:
        name: of the module, or of its call.
        output: its shape for one image, or what else it is.
        layout: of the axes; ``undeclared`` where a spec has to say it, empty where it is no map.
        type: the module's class.
        roles: what an audit does with it: ``audited``, ``not measured``, ``features``, ``classifier``.
    """

    name: str
    output: str
    layout: str
    type: str
    roles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Inspection:
    """What was found of a network, as plain values.

    Attributes:
        model: as it was resolved.
        features: numbers of f1(x) for one image; None where they could not be read.
        layers: those that an audit would take, in the network's order.
        modules: the rows of the table.
        refusal: why an audit would be refused.
        unsteady: how the network is no function of one image, in a sentence without a full stop.
        spec: the path of the spec that it was loaded from; None where there is none that could be edited.
        audit: the command that audits it, as it is typed.
        write: the command that writes a starting spec.
    """

    model: Model
    features: int | None
    layers: tuple[InspectedLayer, ...] = ()
    modules: tuple[InspectedModule, ...] = ()
    refusal: Refusal | None = None
    unsteady: str | None = None
    spec: str | None = None
    audit: str = ""
    write: str = ""


def say_inspection(found: Inspection) -> Said:
    """Whether the network can be audited, and with which split."""
    if found.refusal is not None:
        reasons = (_sentence(found.refusal.found), f"Expected: {found.refusal.expected.rstrip('.')}.")
        return Said("", NONE, f"{_capital(NONE)}.", reasons)
    if found.unsteady is not None:
        matter = f"The network is no function of one image: {found.unsteady}."
        return Said("", NONE, f"{_capital(NONE)}.", (matter, *_split(found)), tuple(_warnings(found)))
    measured = [layer.name for layer in found.layers if layer.why_not is None]
    predicts = _predicts(found.model)
    word = FULL if predicts and measured else PART
    asked = len(found.layers)
    layers = counted(asked, "layer") if len(measured) == asked else f"{len(measured)} of {asked} layers"
    there = ["features", *["predictions"] * predicts, *[layers] * bool(measured)]
    lacking = [*["predictions"] * (not predicts), *["layers"] * (not measured)]
    without = f", no {' and no '.join(lacking)}" if lacking else ""
    verdict = f"{_capital(word)}: {listed(there)}{without}."
    return Said("", word, verdict, tuple(_split(found)), tuple(_warnings(found)))


def next_inspection(found: Inspection) -> str:
    """One line on what to do next; the command in it runs as it stands."""
    if found.refusal is not None:
        return found.refusal.remedy
    if found.unsteady is not None:
        return f"see beside every value how far it moves by itself: {found.audit} --on-unsteady report"
    if any(layer.declare for layer in found.layers) or DECLARE in _reason(found.model):
        if found.spec is not None:
            return f"say in {found.spec} what could not be told, then {found.audit}"
        return f"write a spec, and say in it what could not be told: {found.write}"
    return f"audit it: {found.audit}"


def output_text(output: Output) -> str:
    """What the network puts out, and who says so: ``1000 logits (inferred)``."""
    count, size = (output.shape or (1,))[0], "×".join(map(str, output.shape[1:]))
    numbers = "probabilities" if output.probable else "logits"
    text = {
        "logits": f"{count} logits",
        "probabilities": f"{count} probabilities",
        "sigmoid": f"{numbers} of {counted(count, 'independent label')}",
        "dense": f"{numbers} of {count} classes for each of {size} pixels",
        "none": "none",
    }[output.kind]
    return f"{text} ({'declared' if output.declared else 'inferred'})"


def _split(found: Inspection) -> Iterator[str]:
    """Where features and predictions are read, and at which layers."""
    model = found.model
    numbers = "" if found.features is None else f", {found.features:,} number{'s' * (found.features != 1)}"
    yield f"Features are the {model.features}{numbers} for each image."
    if model.output is not None and _predicts(model):
        made = "" if model.classifier is None else f"; the classifier is {model.classifier}"
        yield f"Predictions are read of {output_text(model.output)}{made}."
    else:
        yield f"No predictions: {_reason(model)}."
    order = [layer.name for layer in found.layers]
    measured = [layer.name for layer in found.layers if layer.why_not is None]
    if measured:
        yield f"Layers: {stretches(measured, order)}."
    elif not found.layers:
        yield "No layers: the network has no stages that can be found; name some with --layer."


def _warnings(found: Inspection) -> Iterator[str]:
    """What changes the reading of an audit of it, or is missing from it."""
    if found.model.weights.origin == "random":
        yield RANDOM
    whys: dict[str, list[str]] = {}
    for layer in found.layers:
        if layer.why_not is not None:
            whys.setdefault(layer.why_not, []).append(layer.name)
    for why, names in whys.items():
        matter = why if len(names) == 1 else why.replace("its output", "their output")
        yield f"{some(names)} cannot be measured: {matter}"


def _predicts(model: Model) -> bool:
    return model.output is not None and model.output.kind != "none"


def _reason(model: Model) -> str:
    """Why there are no predictions; empty where there are some."""
    return "" if model.output is None else (model.output.reason or "").removesuffix(".")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _sentence(text: str) -> str:
    """With a full stop and a capital, unless it begins with a name: ``timm/net fails``."""
    return sentence(text) if text.partition(" ")[0].isalpha() else text.removesuffix(".") + "."
