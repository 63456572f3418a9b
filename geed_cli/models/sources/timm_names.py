"""What a timm name means: architecture, weights' tag, and timm's description of those weights.

The registry's name may end in a tag that says which weights are meant; without one timm has a default, and which
one that is, is resolved here, since it differs between versions.
"""

import json
from dataclasses import dataclass

from geed_cli.errors import InputError, meant, nearest, nearest_are
from geed_cli.models.sources.download import PublishedFile, hub_file, url_file
from geed_cli.runtime.libraries import timm

HUB_PREFIX = "hf-hub:"
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
        factory: what timm's factory takes: a registry name, or ``local-dir:`` and a downloaded repository.
        arch: the architecture.
        tag: the weights, as timm calls them; None where timm has none for this architecture.
        config: timm's description of the weights; None for a repository, whose own description counts.
        fixed_size: whether the factory has to be told of another input size.
        repository: ``org/name`` for ``hf-hub:`` names.
    """

    factory: str
    arch: str
    tag: str | None
    config: timm.models.PretrainedCfg | None
    fixed_size: bool
    repository: str | None = None

    @property
    def id(self) -> str:
        """``arch.tag``, or ``hf-hub:org/name``."""
        if self.repository is not None:
            return f"{HUB_PREFIX}{self.repository}"
        return f"{self.arch}.{self.tag}" if self.tag else self.arch


def resolve_timm_name(name: str) -> TimmName:
    """What ``arch``, ``arch.tag`` or ``hf-hub:org/name`` stands for, with timm's default tag filled in.

    Raises:
        InputError: timm has no such architecture, or no such weights for it.
        RunError: the description of a hub repository cannot be downloaded.
    """
    if name.startswith(HUB_PREFIX):
        return _resolve_repository(name.removeprefix(HUB_PREFIX))
    arch, _, tag = name.partition(".")
    if not timm.is_model(arch):
        raise unknown_network(name, timm.list_models(), "a timm name")
    tags = [tagged.partition(".")[2] for tagged in timm.models.list_pretrained(f"{arch}.*")]
    if tag and tag not in tags:
        raise _unknown_tag(arch, tag, tags)
    config = timm.models.get_pretrained_cfg(name) or timm.models.PretrainedCfg()
    weights_tag = config.tag if config.has_weights else None
    return TimmName(name, arch, weights_tag, config, config.fixed_input_size)


def _resolve_repository(repository: str) -> TimmName:
    path = hub_file(repository, ["config.json"], HUB_PREFIX + repository).path
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        arch = str(config["architecture"])
        fixed_size = bool(config.get("pretrained_cfg", config).get("fixed_input_size", False))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(
            f"{HUB_PREFIX}{repository} does not describe a timm network in its config.json",
            expected="a repository with timm's config.json, which names the architecture",
            remedy="choose a repository that its page lists under the library timm",
        ) from error
    return TimmName(f"local-dir:{path.parent}", arch, None, None, fixed_size, repository)


def timm_weights(name: TimmName) -> PublishedFile:
    """The published weights of a name, downloaded where they are not cached.

    Raises:
        InputError: timm has no weights for this architecture.
        RunError: they cannot be downloaded.
    """
    what = f"timm:{name.id}" if name.repository is None else name.id
    if name.repository is not None:
        return hub_file(name.repository, HUB_WEIGHTS, what)
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
