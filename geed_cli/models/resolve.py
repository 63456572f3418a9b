"""Where f = f2 ∘ f1 is split: the site of f1(x), and the module that makes the logits.

By default f1(x) is what goes into the classifier, which is timm's "pooled pre-logits". A network without a
classifier ends in its features.
"""

from dataclasses import dataclass

from torch import nn

from geed_cli.errors import InputError, nearest
from geed_cli.models.network import OUTPUT, Site
from geed_cli.models.spec import SplitPart


@dataclass(frozen=True)
class Split:
    """The sites of one network; ``classifier`` is None where its output is not logits."""

    features: Site
    classifier: str | None


def split_network(module: nn.Module, classifier: str | None, wanted: SplitPart, model: str) -> Split:
    """The split that a spec declares, completed by the network's own.

    Args:
        module: the network.
        classifier: name of the network's own classifier, if it has one.
        wanted: the spec's section.
        model: what messages call the network.

    Returns:
        features: the output of the module that the spec names, else the input of the classifier, else the
        network's output.

    Raises:
        InputError: a name that is no module of the network.
    """
    names = [name for name, _ in module.named_modules()]
    for key, name in (("features", wanted.features), ("classifier", wanted.classifier)):
        if name is not None and name not in names:
            raise _unknown_module(f"split.{key}", name, names, model)
    own = wanted.classifier or classifier
    if wanted.features is not None:
        features = Site(wanted.features, "output")
    else:
        features = Site(own, "input") if own is not None else OUTPUT
    return Split(features, None if wanted.without_classifier else own)


def _unknown_module(key: str, name: str, names: list[str], model: str) -> InputError:
    close = nearest(name, names)
    return InputError(
        f"{key} '{name}' is not in {model}",
        expected=f"a module of the network{'; nearest are ' + ', '.join(close) if close else ''}",
        remedy=f"geed inspect {model} --layers",
    )
