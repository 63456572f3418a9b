"""Image towers of OpenCLIP: f1(x) is the image embedding, and with names of classes there are logits.

The published file is read here, as every stranger's file is, and the library renames and loads its tensors. The text
tower is used once, for the prompts of the classes; the network that is audited has the pictures' side alone.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from geed_cli.checkpoints.dtypes import require_finite
from geed_cli.checkpoints.file_hash import file_sha256
from geed_cli.checkpoints.formats import about
from geed_cli.checkpoints.kept import KeptWeights
from geed_cli.checkpoints.loading import tensors_of
from geed_cli.checkpoints.read import as_safetensors
from geed_cli.checkpoints.reader.messages import Choice
from geed_cli.errors import InputError, RunError, did_you_mean, nearest, text_of
from geed_cli.models.sources.architecture import Architecture, Loaded, seeded
from geed_cli.models.sources.class_list import ClassList, read_classes
from geed_cli.models.sources.download import PublishedFile, hub_file, url_file
from geed_cli.models.sources.in_memory import stated_input
from geed_cli.models.spec import Argument
from geed_cli.models.stages import default_stages, largest_run, prefix_tokens, spread
from geed_cli.runtime.extras import require_extra

PREFIX = "open_clip:"
TEMPLATE = "a photo of a {}."
"""The prompt of a class."""
TAGGED = ("mean", "std", "interpolation", "resize_mode")
"""What a tag says of preprocessing."""
HUB_FILES = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")
AT_ONCE = 64
"""Prompts that are encoded together."""


class ImageTower(nn.Module):
    """The side of pictures.

    Args:
        visual: the library's tower.
        text: scale · textᵀ as a linear layer without bias, whose output are the logits; None without classes.
    """

    def __init__(self, visual: nn.Module, text: nn.Linear | None) -> None:
        super().__init__()
        self.visual, self.text = visual, text

    def forward(self, pictures: Tensor) -> Tensor:
        """The embedding of length 1, or its logits: (B, k) or (B, classes)."""
        embedding = normalize(self.visual(pictures), dim=-1)
        return embedding if self.text is None else self.text(embedding)


@dataclass(frozen=True)
class ClipName:
    """A resolved name: a model of the library and one of its tags, with what that says; no tag for random weights."""

    model: str
    tag: str | None
    config: Mapping[str, Any]

    @property
    def id(self) -> str:
        """As it is typed."""
        return f"{PREFIX}{self.model}" + (f"/{self.tag}" if self.tag else "")


def build_open_clip(
    name: str,
    arguments: Mapping[str, Argument],
    size: int | None,
    seed: int,
    classes: Path | None,
) -> Architecture:
    """Build a model of OpenCLIP with random weights; the same seed gives the same ones.

    Args:
        name: ``NAME/TAG``, or ``NAME``; the tag says which preprocessing is meant.
        arguments: of the library's factory.
        size: input size; None for the model's own.
        seed: of the random weights.
        classes: a file of class names; None for the embedding alone.

    Raises:
        InputError: an unknown name or tag, a file of classes that cannot be used, or a model that cannot be built.
        RunError: the tokenizer cannot be had.
    """
    with quiet_open_clip() as library:
        resolved = resolve_open_clip(library, name)
        model = _create(library, resolved, arguments, size, seed)
        return _describe(library, resolved, model, size, classes)


def build_pretrained_open_clip(
    name: str,
    arguments: Mapping[str, Argument],
    size: int | None,
    classes: Path | None,
    kept: KeptWeights | None = None,
) -> tuple[Architecture, Loaded]:
    """Build a model of OpenCLIP with the weights of a tag; arguments as for ``build_open_clip``.

    Raises:
        InputError: as there; no tag, or the file does not fit.
        RunError: as there; or the weights cannot be had.
    """
    with quiet_open_clip() as library:
        resolved = resolve_open_clip(library, name)
        published = _weights(library, resolved)
        model = _create(library, resolved, arguments, size, 0)
        with as_safetensors(published.path, Choice(), kept) as file:
            try:
                library.load_checkpoint(model, str(file), strict=True)
            except Exception as error:  # the library's code, with a stranger's tensors
                raise InputError(
                    f"{published.path.name} does not fit {resolved.id}: {text_of(error)[:300]}",
                    expected="weights for every tensor of the model",
                    remedy="another tag, or another version of open_clip_torch",
                ) from error
        with about(published.path):
            require_finite(tensors_of(model))
        loaded = Loaded(published.origin, file_sha256(published.path))
        return _describe(library, resolved, model, size, classes), loaded


@contextmanager
def quiet_open_clip() -> Iterator[Any]:
    """The library, in a block in which it does not log.

    Raises:
        InputError: it is not installed.
    """
    library = require_extra("open_clip", "open_clip_torch", "open_clip", "a model of OpenCLIP's")
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.CRITICAL)
    try:
        yield library
    finally:
        root.setLevel(level)


def resolve_open_clip(library: Any, name: str) -> ClipName:  # noqa: ANN401 - a module
    """What ``NAME`` or ``NAME/TAG`` stands for.

    Raises:
        InputError: the library has no such model, or no such tag of it; or a part of it is elsewhere.
    """
    model, _, tag = name.partition("/")
    known = library.list_models()
    if model not in known:
        close = nearest(model, known)
        raise InputError(
            f"OpenCLIP has no model '{model}'",
            expected=f"{did_you_mean(close)}one of open_clip.list_models(), as {PREFIX}NAME/TAG",
            remedy=f"{PREFIX}{close[0] if close else 'ViT-B-16'}/TAG",
        )
    tags = library.list_pretrained_tags_by_model(model)
    if tag and tag not in tags:
        close = nearest(tag, tags) or tags
        raise InputError(
            f"OpenCLIP has no weights '{tag}' for {model}",
            expected=f"{did_you_mean(close[:3])}one of {', '.join(tags) or 'none'}",
            remedy=f"{PREFIX}{model}/{close[0]}" if close else "another model",
        )
    text = (library.get_model_config(model) or {}).get("text_cfg", {})
    if "hf_model_name" in text:
        raise InputError(
            f"{PREFIX}{name} has a text tower of another repository, {text['hf_model_name']}",
            expected="a model of OpenCLIP that is whole in its file",
            remedy=f"another model, such as {PREFIX}ViT-B-16/openai",
        )
    return ClipName(model, tag or None, library.get_pretrained_cfg(model, tag) if tag else {})


def _weights(library: Any, name: ClipName) -> PublishedFile:  # noqa: ANN401
    """The file of a tag."""
    tags = library.list_pretrained_tags_by_model(name.model)
    if name.tag is None:
        raise InputError(
            f"{name.id} without a tag, which says whose weights are meant",
            expected=f"one of {', '.join(tags) or 'none: the library has no weights for it'}",
            remedy=f"{name.id}/{tags[0]}" if tags else "--weights random",
        )
    place = str(name.config.get("hf_hub") or "")
    if place:
        repository, _, file = place.rpartition("/")
        return hub_file(repository, (file,) if file else HUB_FILES, name.id)
    return url_file(str(name.config.get("url")), name.id)


def _create(
    library: Any,  # noqa: ANN401
    name: ClipName,
    arguments: Mapping[str, Argument],
    size: int | None,
    seed: int,
) -> Any:  # noqa: ANN401
    stated = {key: name.config[key] for key in TAGGED if key in name.config}
    try:
        with seeded(seed):
            return library.create_model(
                name.model,
                pretrained=None,
                load_weights=False,
                pretrained_text=False,
                # the activation that the weights were trained with; the library only warns of another
                force_quick_gelu=bool(name.config.get("quick_gelu", False)),
                force_image_size=size,
                force_preprocess_cfg=stated,
                **arguments,
            ).eval()
    except Exception as error:  # arguments reach all kinds of code
        raise InputError(
            f"OpenCLIP cannot build {name.id}: {text_of(error)[:300] or type(error).__name__}",
            expected="arguments and a size that the model takes",
            remedy="leave out --img-size and model.arguments, or correct them",
        ) from error


def _describe(
    library: Any,  # noqa: ANN401
    name: ClipName,
    model: Any,  # noqa: ANN401
    size: int | None,
    classes: Path | None,
) -> Architecture:
    listed = None if classes is None else read_classes(classes)
    text = None if listed is None else _text_layer(library, name, model, listed)
    module = ImageTower(model.visual, text)
    run = (
        () if isinstance(model.visual, library.modified_resnet.ModifiedResNet) else largest_run(model.visual)
    )
    stages = spread(model.visual, run) or default_stages(model.visual, None)
    return Architecture(
        source="open_clip",
        name=name.model,
        tag=name.tag,
        module=module.eval(),
        input=stated_input(model.visual, size),
        classifier=None if text is None else "text",
        layers=tuple(f"visual.{stage}" for stage in stages),
        prefix_tokens=prefix_tokens(model.visual),
        notes=() if listed is None else (_note(listed),),
        why_no_input=f"{name.id} states no square pictures",
        classes=() if listed is None else listed.names,
    )


def _note(listed: ClassList) -> str:
    return (
        f"{len(listed.names)} classes of {listed.file.name} (sha256 {listed.sha256}), by the prompt '{TEMPLATE}'; "
        "logits = scale · image · textᵀ"
    )


def _text_layer(library: Any, name: ClipName, model: Any, listed: ClassList) -> nn.Linear:  # noqa: ANN401
    """The linear layer of the classes: row c is scale · the embedding of c's prompt, of length 1."""
    prompts = [TEMPLATE.format(each) for each in listed.names]
    try:
        tokens = library.get_tokenizer(name.model)(prompts)
    except Exception as error:  # some are fetched from the hub by other libraries
        raise RunError(
            f"the tokenizer of {name.id} could not be had: {text_of(error)[:300]}",
            expected="access to the model hub, or the tokenizer in the local cache",
            remedy="leave out --classes; or point HF_HOME to a filled cache",
        ) from error
    with torch.inference_mode():
        parts = [model.encode_text(part, normalize=True) for part in tokens.split(AT_ONCE)]
        rows = torch.cat(parts) * model.logit_scale.exp()
    layer = nn.Linear(rows.shape[1], rows.shape[0], bias=False)
    layer.weight = nn.Parameter(rows.clone(), requires_grad=False)
    return layer
