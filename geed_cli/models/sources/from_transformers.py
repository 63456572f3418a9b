"""Image models of Hugging Face's library transformers: the library's own classes, never code of a repository.

The configuration says which class of the library it is. Files are read here, as every stranger's file is; the library
gets tensors and gives them the names that its present version uses. What it cannot fill is refused.
"""

import inspect
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from geed_cli.checkpoints.dtypes import require_finite
from geed_cli.checkpoints.formats import about, shown, shown_list
from geed_cli.checkpoints.kept import KeptWeights
from geed_cli.checkpoints.loading import tensors_of
from geed_cli.choices import OutputKind
from geed_cli.documents.document import printable
from geed_cli.errors import InputError, text_of
from geed_cli.models.sources.architecture import Architecture, Loaded, seeded
from geed_cli.models.sources.folder_weights import folder_weights
from geed_cli.models.sources.image_processors import processor_settings
from geed_cli.models.sources.model_folder import (
    CONFIG,
    HUB_PREFIX,
    LOCAL_PREFIX,
    ModelFolder,
    described,
    local_folder,
)
from geed_cli.models.sources.transformers_library import quiet_transformers
from geed_cli.models.spec import Argument
from geed_cli.models.stages import default_stages, largest_run, prefix_tokens, spread

PREFIX = "transformers:"
OF_TIMM = ("timm_wrapper", "timm_backbone")
NUMBER = re.compile(r"(?<=\.)\d+(?=\.)")
"""Of a block in the name of a tensor."""
OF_CODE = (
    "auto_map",
    "attn_implementation",
    "_attn_implementation",
    "experts_implementation",
    "fusion_config",
)
"""What a configuration may say of a repository's code, and of kernels that the library would fetch from the hub."""
CODE = "which only code of that repository builds"


@dataclass(frozen=True)
class Described:
    """A model as its ``config.json`` describes it.

    Attributes:
        folder: where its files are.
        config: the library's object.
        kind: the class of the library that builds it.
        output: what that class puts out: ``logits``, ``maps`` of a backbone, or ``features``.
    """

    folder: ModelFolder
    config: Any
    kind: Any
    output: str


def build_transformers(
    name: str, arguments: Mapping[str, Argument], size: int | None, seed: int, beside: Path
) -> Architecture:
    """Build a model of the library with random weights; the same seed gives the same ones.

    Args:
        name: ``org/name``, ``org/name@revision`` or ``local-dir:PATH``.
        arguments: values of the configuration to be changed.
        size: input size; None for that of the image processor.
        seed: of the random weights.
        beside: where a relative PATH is looked up first.

    Raises:
        InputError: a folder that describes no image model of the library, or whose preprocessing cannot be said.
        RunError: the files cannot be had.
    """
    with quiet_transformers() as library:
        model = _described(library, name, arguments, beside)
        with seeded(seed):
            module = _built(model, lambda: model.kind(model.config))
        return _architecture(library, model, module, size)


def build_pretrained_transformers(
    name: str,
    arguments: Mapping[str, Argument],
    size: int | None,
    beside: Path,
    kept: KeptWeights | None = None,
) -> tuple[Architecture, Loaded]:
    """Build a model of the library with its published weights; arguments as for ``build_transformers``.

    Raises:
        InputError: as there; or the weights leave a part of the model at random values.
        RunError: as there.
    """
    with quiet_transformers() as library:
        model = _described(library, name, arguments, beside)
        weights = folder_weights(model.folder, kept)
        state = {key: value.clone() for key, value in weights.state.items()}
        module, told = _loaded(model, state)
        left = _require_filled(told, model, module)
        with about(weights.path):
            require_finite(tensors_of(module))
        return _architecture(library, model, module, size), Loaded(
            weights.origin, weights.sha256, weights.notes + left
        )


def _described(library: Any, name: str, arguments: Mapping[str, Argument], beside: Path) -> Described:  # noqa: ANN401
    if name.startswith(LOCAL_PREFIX):
        folder = local_folder(name.removeprefix(LOCAL_PREFIX), beside)
    else:
        folder = ModelFolder(f"{PREFIX}{name}", repository=name)
    file = folder.file([CONFIG])
    content = described(folder, file)
    folder = folder.pinned(file)
    kind = content.get("model_type")
    _require_understood(library, folder, content, kind)
    config = _built_config(library.CONFIG_MAPPING[kind], _values(content), folder)
    named = _named(content)
    towers = isinstance(getattr(config, "vision_config", None), library.PreTrainedConfig)
    if towers and named not in _names(library.MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING, config):
        config = config.vision_config
    return _class_of(library, folder, _changed(config, arguments, folder), named)


def _values(content: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration, and those inside it, without what names code."""
    return {
        key: _values(value) if isinstance(value, dict) else value
        for key, value in content.items()
        if key not in OF_CODE
    }


def _named(content: Mapping[str, Any]) -> str | None:
    """The class that the weights were saved from."""
    architectures = content.get("architectures")
    return str(architectures[0]) if isinstance(architectures, list) and architectures else None


def _require_understood(library: Any, folder: ModelFolder, content: Mapping[str, Any], kind: object) -> None:  # noqa: ANN401
    """Refuse what the library alone does not build."""
    if kind in OF_TIMM or (kind is None and isinstance(content.get("architecture"), str)):
        name = folder.name.removeprefix(PREFIX)
        raise InputError(
            f"{folder.name} is a network of timm's",
            expected="a model of the library transformers itself",
            remedy=f"{HUB_PREFIX}{name}"
            if folder.repository is not None
            else f"{folder.name}, with a timm folder",
        )
    if not isinstance(kind, str) or kind not in library.CONFIG_MAPPING:
        code = f", {CODE}" if "auto_map" in content else ""
        raise InputError(
            f"{folder.name} is of the type {shown(kind)}{code}; transformers {library.__version__} has no such type",
            expected="a model that the library builds by itself: geed never runs code of a repository",
            remedy="a newer transformers; or build it in code of yours: a spec with source: python (geed explain spec)",
        )
    if "quantization_config" in content:
        raise InputError(
            f"{folder.name} has quantised weights (quantization_config in {CONFIG})",
            expected="weights in floating point",
            remedy="the model from before quantisation",
        )
    if content.get("use_timm_backbone") or content.get("backbone"):
        raise InputError(
            f"{folder.name} is built on another library's backbone ({CONFIG})",
            expected="a model that is whole in its folder",
            remedy="name the backbone itself: timm:NAME or hf-hub:org/name",
        )


def _built_config(kind: Any, content: dict[str, Any], folder: ModelFolder) -> Any:  # noqa: ANN401
    try:
        config = kind.from_dict(content)
    except Exception as error:  # values of any kind reach its checks
        raise InputError(
            f"{CONFIG} of {folder.name} describes no {shown(content['model_type'])}: {text_of(error)[:200]}",
            expected="a configuration that the installed transformers takes",
            remedy="another version of transformers, or another model",
        ) from error
    return config


def _changed(config: Any, arguments: Mapping[str, Argument], folder: ModelFolder) -> Any:  # noqa: ANN401
    """The configuration with a spec's values in it, and without those that change what a model returns."""
    for key, value in arguments.items():
        name = "num_labels" if key == "num_classes" else key
        if not hasattr(config, name):
            raise InputError(
                f"the configuration of {folder.name} has no {printable(key)}",
                expected="model.arguments that are values of its configuration",
                remedy=f"leave {printable(key)} out of model.arguments",
            )
        setattr(config, name, value)
    config.return_dict, config.output_hidden_states, config.output_attentions = True, False, False
    return config


def _class_of(library: Any, folder: ModelFolder, config: Any, named: str | None) -> Described:  # noqa: ANN401
    """The class of the library: that which the weights were saved from, as far as it is of pictures."""
    candidates = {
        output: _classes(mapping, config)
        for output, mapping in (
            ("logits", library.MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING),
            ("maps", library.MODEL_FOR_BACKBONE_MAPPING),
            ("features", library.MODEL_MAPPING),
        )
    }
    for output, classes in candidates.items():
        for kind in classes:
            if kind.__name__ == named or (named is None and output == "logits"):
                return Described(folder, config, kind, output)
    if candidates["features"]:
        return Described(folder, config, candidates["features"][0], "features")
    raise InputError(
        f"{folder.name} is of the type {shown(config.model_type)}, which is no model of pictures alone",
        expected="an image classifier, a backbone, or a model with an image tower",
        remedy="another model",
    )


def _names(mapping: Any, config: Any) -> list[str]:  # noqa: ANN401
    return [kind.__name__ for kind in _classes(mapping, config)]


def _classes(mapping: Any, config: Any) -> tuple[Any, ...]:  # noqa: ANN401
    if type(config) not in mapping:
        return ()
    found = mapping[type(config)]
    classes = found if isinstance(found, tuple) else (found,)
    return tuple(kind for kind in classes if kind.main_input_name == "pixel_values")


def _built(model: Described, build: Any) -> Any:  # noqa: ANN401
    try:
        return build()
    except Exception as error:  # the library's code, with values of a stranger's
        raise InputError(
            f"transformers cannot build {model.folder.name}: {text_of(error)[:300] or type(error).__name__}",
            expected=f"a {CONFIG} and weights that {model.kind.__name__} takes",
            remedy="another version of transformers, or another model",
        ) from error


def _loaded(model: Described, state: Mapping[str, Tensor]) -> tuple[nn.Module, Mapping[str, Any]]:
    """The model with these weights, and what the library says of the loading.

    A pooling layer that the weights lack is left out, where the class can do without.
    """

    def load(**words: bool) -> Any:  # noqa: ANN401
        return model.kind.from_pretrained(
            None,
            config=model.config,
            state_dict=dict(state),
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # it then names them
            dtype=torch.float32,
            **words,
        )

    with seeded(0):
        module, told = _built(model, load)
        if _unpooled(model, told["missing_keys"]):
            module, told = _built(model, lambda: load(add_pooling_layer=False))
    return module, told


def _unpooled(model: Described, lacking: Collection[str]) -> bool:
    """Whether weights lack a pooling layer alone, without which the class can be built."""
    pooler_alone = bool(lacking) and all(name.startswith("pooler.") for name in lacking)
    optional = "add_pooling_layer" in inspect.signature(model.kind).parameters
    return model.output == "features" and pooler_alone and optional


def _require_filled(told: Mapping[str, Any], model: Described, module: nn.Module) -> tuple[str, ...]:
    """A note about tensors that are left over; an error where the model lacks some, or has fewer blocks than they."""
    for key in ("missing_keys", "mismatched_keys", "error_msgs"):
        if told.get(key):
            names = sorted(each if isinstance(each, str) else str(each[0]) for each in told[key])
            what = "no weights" if key == "missing_keys" else "no weights that fit"
            raise InputError(
                f"{model.folder.name} has {what} for {shown_list(names)} of {model.kind.__name__}; "
                "they would stay random",
                expected="weights for every tensor of the model",
                remedy="leave out model.arguments that change the model, or take another",
            )
    left = sorted(told.get("unexpected_keys", ()))
    kinds = {NUMBER.sub("*", name) for name in module.state_dict()}
    if more := [name for name in left if NUMBER.sub("*", name) in kinds]:
        raise InputError(
            f"{model.folder.name} has weights for more blocks than its {CONFIG} says: {shown_list(more)}",
            expected=f"a {CONFIG} of the model that the weights are of",
            remedy="download or save the folder again",
        )
    return (f"{model.kind.__name__} has no place for {shown_list(left)}",) if left else ()


def _architecture(library: Any, model: Described, module: nn.Module, size: int | None) -> Architecture:  # noqa: ANN401
    described = describe_transformers(module, model.config, scores=model.output == "logits")
    outputs = {
        "logits": _logits,
        "maps": _of_maps,
        "features": _of_first if described.prefix_tokens else _of_mean,
    }
    module.register_forward_hook(outputs[model.output])
    settings, why, notes = processor_settings(library, model.folder, model.config, size)
    return replace(described, name=model.kind.__name__, input=settings, notes=notes, why_no_input=why)


def describe_transformers(module: nn.Module, config: Any, *, scores: bool) -> Architecture:  # noqa: ANN401
    """What is known of a model of the library, but for its preprocessing; ``scores`` if it returns those of classes."""
    return Architecture(
        source="transformers",
        name=type(module).__name__,
        tag=None,
        module=module,
        input=None,
        classifier=None,
        layers=spread(module, largest_run(module)) or default_stages(module, None),
        prefix_tokens=prefix_tokens(module),
        finds_classifier=scores,
        output=_output(config) if scores else None,
        classes=_class_names(config) if scores else (),
    )


def _output(config: Any) -> OutputKind | None:  # noqa: ANN401
    """What a classifier puts out; None where it is trained for numbers."""
    problem = getattr(config, "problem_type", None)
    if problem == "regression" or config.num_labels < 2:
        return None
    return "sigmoid" if problem == "multi_label_classification" else "logits"


def _class_names(config: Any) -> tuple[str, ...]:  # noqa: ANN401
    """What the classes are called; nothing where the library numbered them."""
    names = config.id2label or {}
    listed = tuple(str(names.get(place, "")) for place in range(len(names)))
    return () if all(name == f"LABEL_{place}" for place, name in enumerate(listed)) else listed


# Hooks, so that the modules keep the library's names; functions, so that copies of a model share them.


def _logits(_module: nn.Module, _given: object, output: Any) -> Tensor:  # noqa: ANN401
    values: Tensor = output.logits
    return values


def _of_maps(_module: nn.Module, _given: object, output: Any) -> Tensor:  # noqa: ANN401
    """The mean of a backbone's last map over its places."""
    maps: Tensor = output.feature_maps[-1]
    return maps.mean(dim=(2, 3))


def _of_first(_module: nn.Module, _given: object, output: Any) -> Tensor:  # noqa: ANN401
    """What the model itself pools, else its first token, which stands for the picture."""
    pooled = getattr(output, "pooler_output", None)
    values: Tensor = output.last_hidden_state[:, 0] if pooled is None else pooled.flatten(1)
    return values


def _of_mean(_module: nn.Module, _given: object, output: Any) -> Tensor:  # noqa: ANN401
    """What the model itself pools, else the mean over tokens or places."""
    pooled = getattr(output, "pooler_output", None)
    if pooled is not None:
        flat: Tensor = pooled.flatten(1)
        return flat
    last: Tensor = output.last_hidden_state
    return last.mean(dim=(2, 3)) if last.dim() == 4 else last.mean(dim=1)
