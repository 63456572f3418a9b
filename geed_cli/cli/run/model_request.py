"""The model options of a command line as one value, and the network that they name."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from geed_cli.checkpoints.kept import KeptWeights
from geed_cli.choices import WeightsFrom
from geed_cli.cli.audit_arguments import AuditArguments
from geed_cli.errors import InputError
from geed_cli.models.load import load_model
from geed_cli.models.network import Network
from geed_cli.pipeline.progress import Progress
from geed_cli.report.console import message_console

PICKLE_WARNING = (
    "warning: --allow-pickle lets the checkpoint file run code of its own, with your rights; "
    "the result says so in its notes"
)


def kept_weights(cache: Path | None, progress: Progress) -> KeptWeights | None:
    """The converted weights of a cache, whose faults become notes; None where there is no cache."""
    return KeptWeights(cache, lambda said: progress.note(f"cache: {said}")) if cache is not None else None


@dataclass(frozen=True)
class ModelRequest:
    """What the user said about the model; see ``geed_cli.cli.audit_arguments``."""

    model: str | None
    checkpoint: Path | None = None
    arch: str | None = None
    weights: WeightsFrom = "spec"
    seed: int = 0
    spec_dir: Path | None = None
    allow_code: bool = False
    img_size: int | None = None
    allow_pickle: bool = False
    strip_prefix: tuple[str, ...] = ()

    @classmethod
    def of(cls, model: str | None, asked: AuditArguments) -> Self:
        """A model and the options that say which network it is."""
        return cls(
            model,
            asked.checkpoint,
            asked.arch,
            asked.weights,
            asked.seed,
            asked.spec_dir,
            asked.allow_code,
            asked.img_size,
            asked.allow_pickle,
            tuple(asked.strip_prefix or ()),
        )

    def twin(self, network: Network) -> "ModelRequest":
        """The same architecture with random weights; of another seed where the weights are random already.

        Args:
            network: what this request loaded; a spec may have random weights of its own.
        """
        model = self.model
        if self.arch is not None:
            model = self.arch if ":" in self.arch else f"timm:{self.arch}"
        seed = self.seed + 1 if network.weights.origin == "random" else self.seed
        return replace(
            self,
            model=model,
            checkpoint=None,
            arch=None,
            weights="random",
            seed=seed,
            allow_pickle=False,
            strip_prefix=(),
        )

    def load(self, kept: KeptWeights | None = None) -> Network:
        """The network.

        Args:
            kept: where weights that had to be converted are kept between runs; None keeps and finds none.

        Raises:
            InputError: no model was named, or what was named cannot be used.
            RunError: the weights cannot be had.
        """
        reference, arch = self.model or (str(self.checkpoint) if self.checkpoint else None), self.arch
        if self.model is None and self.checkpoint is not None and arch is not None:
            # whatever the file is called, it is a checkpoint, since the option says so
            reference, arch = (arch if ":" in arch else f"timm:{arch}"), None
        if reference is None:
            raise InputError(
                "no model was named",
                expected="a MODEL, or --checkpoint FILE with --arch NAME",
                remedy="geed audit efficientnet_lite0, or geed ls specs",
            )
        if self.allow_pickle:
            message_console().print(PICKLE_WARNING)
        return load_model(
            reference,
            checkpoint=None if reference == str(self.checkpoint) else self.checkpoint,
            arch=arch,
            weights=self.weights,
            seed=self.seed,
            spec_dir=self.spec_dir,
            allow_code=self.allow_code,
            img_size=self.img_size,
            allow_pickle=self.allow_pickle,
            strip_prefix=self.strip_prefix,
            kept=kept,
        )
