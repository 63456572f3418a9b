"""A starting spec for a loaded network: everything that was resolved, written out so that it can be edited."""

from pathlib import Path

import yaml

from geed_cli.documents.yaml_scalars import resolve_scalar
from geed_cli.input_settings import InputSettings
from geed_cli.models.network import Network, WeightsOrigin
from geed_cli.models.spec import ModelPart, ModelSpec, WeightsPart

HEADER = """\
# A model spec for geed, written by `geed inspect --write-spec`. It loads what was inspected.
# weights.origin: pretrained | file (path) | package (package, path inside it) | random
# split.features: the module whose output, flattened, is f1(x); left out: the input of the classifier
# split.output: logits | probabilities | sigmoid | dense | none; left out: as far as it can be told
# layers: names, or globs matched part by part, such as blocks.*
"""


def starting_spec(network: Network) -> str:
    """YAML text of a ``ModelSpec`` that loads the network again, with layers, split and preprocessing written out."""
    spec = network.spec or _bare_spec(network)
    split: dict[str, object] = {"classifier": network.classifier, "output": network.output.kind}
    if network.features.side == "output":
        split = {"features": network.features.module, **split}
    document = {
        "model": spec.model.model_dump(exclude_defaults=True),
        "weights": _weights(spec.weights, network.weights),
        "split": split,
        "layers": list(network.layers),
        "input": _input(network.input),
    }
    for section in ("actions", "layouts", "tokens"):
        declared = spec.model_dump(mode="json", exclude_unset=True).get(section)
        if declared:
            document[section] = declared
    return HEADER + yaml.dump(
        document, Dumper=_Quoting, sort_keys=False, default_flow_style=None, allow_unicode=True
    )


class _Quoting(yaml.SafeDumper):
    """Quotes text that geed's reader, which goes by YAML 1.2, would take for something else, such as 08 and 1e3."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None if isinstance(resolve_scalar(text), str) else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Quoting.add_representer(str, _text)


def _bare_spec(network: Network) -> ModelSpec:
    """For a network that was not loaded from a spec: its source and architecture, pretrained."""
    model = ModelPart.model_validate({"source": network.source, "name": network.arch})
    return ModelSpec(model=model, weights=WeightsPart(origin="pretrained"))


def _weights(part: WeightsPart, origin: WeightsOrigin) -> dict[str, object]:
    values = part.model_dump(exclude_defaults=True)
    if part.origin == "file":  # the new spec may be written to another folder
        values["path"] = str(Path(origin.detail).absolute())
    return {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}


def _input(settings: InputSettings) -> dict[str, object]:
    return {
        **({"channels": settings.channels} if settings.channels != 3 else {}),
        "size": settings.size,
        "crop_pct": InputSettings.crop_pct_for(settings.size, settings.resize),
        "interpolation": settings.interpolation,
        "mean": list(settings.mean),
        "std": list(settings.std),
        "crop_mode": settings.crop_mode,
    }
