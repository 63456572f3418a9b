"""What the user asked of ``geed track``, and how it has its checkpoints audited."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from geed_cli.api.checkpoint_recipe import Audits, CheckpointAudit, spec_file
from geed_cli.api.track import require_used
from geed_cli.choices import View
from geed_cli.cli.audit_arguments import AuditArguments
from geed_cli.cli.audit_request import audit_options, groups_of
from geed_cli.cli.run.figures import AskedFigure
from geed_cli.errors import InputError
from geed_cli.measures.catalogue import audited_for
from geed_cli.pipeline.options import AuditOptions

if TYPE_CHECKING:
    from geed_cli.api.checkpoint_recipe import Loaded
    from geed_cli.cli.run.model_request import ModelRequest


@dataclass(frozen=True)
class TrackRequest:
    """The command line; see ``geed_cli.cli.track``."""

    files: tuple[str, ...]
    asked: AuditArguments
    model: str | None = None
    step_regex: str | None = None
    pair_runs: str | None = None
    json: Path | None = None
    csv: Path | None = None
    figure: AskedFigure = AskedFigure()  # noqa: RUF009 - it is frozen
    pages: tuple[Path, ...] = ()
    fresh: bool = False
    view: View = field(default_factory=View)

    @cached_property
    def options(self) -> AuditOptions:
        """Of the audits; refused as ``audit_options`` refuses them."""
        options = audit_options(self.asked)
        return replace(options, metrics=audited_for(options.metrics))

    @property
    def shown(self) -> tuple[str, ...]:
        """The measures that are shown, raw and M among them; empty is the usual ones."""
        return tuple(self.asked.metric or ())


def audits_of(request: TrackRequest, models: Sequence[str | None]) -> Audits:
    """How checkpoints are to be audited, by the networks that they are named with.

    Raises:
        InputError: no network or two.
    """
    require_used(request.model, "--model", models)
    require_used(request.asked.arch, "--arch", models)
    return {model: _audit(request if model is None else of_own(request, model)) for model in models}


def of_own(request: TrackRequest, model: str) -> TrackRequest:
    """The request as one for checkpoints of that network."""
    return replace(request, model=model, asked=replace(request.asked, arch=None))


def _audit(request: TrackRequest) -> CheckpointAudit:
    """How checkpoints of one network are audited."""
    asked = request.asked

    def load(checkpoint: Path) -> "Loaded":
        named = model_request(request, checkpoint)
        network = named.load()
        return network, named.twin(network).load() if asked.twin else None

    return CheckpointAudit(
        network=_network(request),
        load=load,
        groups=groups_of(asked),
        options=request.options,
        spec=None if request.model is None else spec_file(request.model, asked.spec_dir),
        img_size=asked.img_size,
        twin=asked.twin,
        typed=asked.typed,
    )


def model_request(request: TrackRequest, checkpoint: Path) -> "ModelRequest":
    """The network of a checkpoint, as any process can load it."""
    from geed_cli.cli.run.model_request import ModelRequest  # noqa: PLC0415 - torch

    return ModelRequest(request.model, replace(request.asked, checkpoint=checkpoint))


def _network(request: TrackRequest) -> str:
    asked, arch = request.asked, request.asked.arch
    if (request.model is None) == (arch is None):
        neither = "checkpoint files do not say which network they belong to"
        raise InputError(
            neither if arch is None else f"--model {request.model} and --arch {arch}",
            expected="one network for all checkpoints",
            remedy="--arch NAME, or --model SPEC.yaml"
            if arch is None
            else "leave out --arch, or leave out --model",
        )
    said = [f"arch {arch}" if request.model is None else f"model {request.model}"]
    said += [f"{asked.num_classes} classes"] if asked.num_classes is not None else []
    said += [f"entry {asked.key}"] if asked.key is not None else []
    return ", ".join(said)
