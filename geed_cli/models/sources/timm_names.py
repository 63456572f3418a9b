"""What a timm name means: architecture, weights' tag, and timm's description of those weights.

The registry's name may end in a tag that says which weights are meant; without one timm has a default, and which
one that is, is resolved here, since it differs between versions.
"""

from dataclasses import dataclass
from pathlib import Path

from geed_cli.errors import InputError, meant, nearest, nearest_are
from geed_cli.models.sources.download import PublishedFile, hub_file, url_file
from geed_cli.models.sources.model_folder import (
    CONFIG,
    HUB_PREFIX,
    LOCAL_PREFIX,
    ModelFolder,
    described,
    local_folder,
)
from geed_cli.runtime.libraries import timm

# In timm's own order of preference.
HUB_WEIGHTS = (
    "model.safetensors",
    "pytorch_model.bin",
    "open_clip_model.safetensors",
    "open_clip_pytorch_model.bin",
)


@dataclass(frozen=True)
class TimmName:
    """A resolved name.

    Attributes:
        factory: what timm's factory takes: a registry name, or ``local-dir:`` and a folder.
        arch: the architecture.
        tag: the weights, as timm calls them; None where timm has none for this architecture.
        config: timm's description of the weights; None for a folder, whose own description counts.
        fixed_size: whether the factory has to be told of another input size.
        folder: where the files are, for ``hf-hub:`` and ``local-dir:`` names.
    """

    factory: str
    arch: str
    tag: str | None
    config: timm.models.PretrainedCfg | None
    fixed_size: bool
    folder: ModelFolder | None = None

    @property
    def id(self) -> str:
        """``arch.tag``, or ``hf-hub:org/name@revision``, or ``local-dir:PATH``."""
        if self.folder is not None:
            return self.folder.name
        return f"{self.arch}.{self.tag}" if self.tag else self.arch


def resolve_timm_name(name: str, beside: Path = Path()) -> TimmName:
    """What a name stands for, with timm's default tag filled in.

    Args:
        name: ``arch``, ``arch.tag``, ``hf-hub:org/name``, ``hf-hub:org/name@revision`` or ``local-dir:PATH``.
        beside: where a relative PATH is looked up first.

    Raises:
        InputError: timm has no such architecture, or no such weights for it; or a folder is none of timm's.
        RunError: the description of a hub repository cannot be downloaded.
    """
    if name.startswith(HUB_PREFIX):
        return _resolve_folder(ModelFolder(name, repository=name.removeprefix(HUB_PREFIX)))
    if name.startswith(LOCAL_PREFIX):
        return _resolve_folder(local_folder(name.removeprefix(LOCAL_PREFIX), beside))
    arch, _, tag = name.partition(".")
    if not timm.is_model(arch):
        raise unknown_network(name, timm.list_models(), "a timm name")
    tags = [tagged.partition(".")[2] for tagged in timm.models.list_pretrained(f"{arch}.*")]
    if tag and tag not in tags:
        raise _unknown_tag(arch, tag, tags)
    config = timm.models.get_pretrained_cfg(name) or timm.models.PretrainedCfg()
    weights_tag = config.tag if config.has_weights else None
    return TimmName(name, arch, weights_tag, config, config.fixed_input_size)


def _resolve_folder(folder: ModelFolder) -> TimmName:
    file = folder.file([CONFIG])
    config = described(folder, file)
    arch, pretrained = config.get("architecture"), config.get("pretrained_cfg", config)
    if not isinstance(arch, str) or not isinstance(pretrained, dict):
        raise InputError(
            f"{folder.name} does not describe a timm network in its {CONFIG}",
            expected=f"timm's {CONFIG}, which names the architecture",
            remedy=_as_transformers(folder)
            if "model_type" in config
            else "choose a repository that its page lists under the library timm",
        )
    if not timm.is_model(arch):
        raise unknown_network(arch, timm.list_models(), "an architecture of the installed timm")
    fixed_size = bool(pretrained.get("fixed_input_size", False))
    return TimmName(f"{LOCAL_PREFIX}{file.path.parent}", arch, None, None, fixed_size, folder.pinned(file))


def _as_transformers(folder: ModelFolder) -> str:
    """The name of a folder of Hugging Face's own kind as it is typed."""
    return (
        folder.name if folder.repository is None else f"transformers:{folder.name.removeprefix(HUB_PREFIX)}"
    )


def timm_weights(name: TimmName) -> PublishedFile:
    """The published weights of a name, downloaded where they are not cached.

    Raises:
        InputError: timm has no weights for this architecture.
        RunError: they cannot be downloaded.
    """
    if name.folder is not None:
        return name.folder.file(HUB_WEIGHTS)
    what = f"timm:{name.id}"
    config = name.config
    if config is not None and config.hf_hub_id:
        named = (config.hf_hub_filename,) if config.hf_hub_filename else HUB_WEIGHTS
        return hub_file(config.hf_hub_id, named, what)
    if config is not None and isinstance(config.url, str) and config.url:
        return url_file(config.url, what)
    raise InputError(
        f"timm has no pretrained weights for {name.arch}",
        expected="a network with published weights: geed ls models lists them",
        remedy=f"geed audit timm:{name.arch} --checkpoint FILE, with a file that you have; or --weights random",
    )


def unknown_network(name: str, known: list[str], kind: str) -> InputError:
    """The error for an unknown name, with the nearest known ones."""
    expected = f"{kind}{nearest_are(nearest(name, known))}"
    return InputError(f"no network '{name}'", expected=expected, remedy="geed ls models PATTERN")


def _unknown_tag(arch: str, tag: str, tags: list[str]) -> InputError:
    shown = nearest(tag, tags) + [other for other in tags if other not in nearest(tag, tags)]
    listed = ", ".join(shown[:6]) + (", …" if len(shown) > 6 else "")
    return InputError(
        f"timm has no weights '{tag}' for {arch}",
        expected=f"{meant(tag, tags)}one of {listed}"
        if tags
        else f"the bare name {arch}: timm has no weights for it",
        remedy=f"geed ls models '{arch}.*'",
    )
