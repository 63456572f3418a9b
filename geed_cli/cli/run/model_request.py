"""The model options of a command line as one value, and the network that they name."""

from dataclasses import dataclass, fields, replace
from typing import Any

from geed_cli.checkpoints.kept import KeptWeights
from geed_cli.cli.audit_arguments import MODEL_OPTIONS, AuditArguments
from geed_cli.cli.audit_request import flag_of
from geed_cli.errors import InputError
from geed_cli.models.load import load_model
from geed_cli.models.network import Network
from geed_cli.models.requested import FileOptions
from geed_cli.report.console import message_console

PICKLE_WARNING = (
    "warning: --allow-pickle lets the checkpoint file run code of its own, with your rights; "
    "the result says so in its notes"
)


NO_FILE: dict[str, Any] = {
    **dict.fromkeys(("arch", "num_classes", "key", "strip_prefix")),
    "allow_pickle": False,
}
"""The options that say how a checkpoint file is read, as they are where there is none."""


@dataclass(frozen=True)
class ModelRequest:
    """A model, and the options of a command, some of which say which network it is.

    Attributes:
        model: the argument MODEL, if it was given.
        options: those of the command.
        like: the network whose twin this is.
    """

    model: str | None
    options: AuditArguments
    like: Network | None = None

    def twin(self, network: Network) -> "ModelRequest":
        """The same architecture with random weights; of another seed where the network's are random already."""
        options = self.options
        model = self.model if options.arch is None else _reference(options.arch)
        seed = options.seed + 1 if network.weights.origin == "random" else options.seed
        no_file = replace(options, checkpoint=None, **NO_FILE)
        return ModelRequest(model, replace(no_file, weights="random", seed=seed), network)

    def load(self, kept: KeptWeights | None = None, *, propose: bool = False) -> Network:
        """The network.

        Args:
            kept: where weights that had to be converted are kept between runs; None keeps and finds none.
            propose: declare whatever lets a checkpoint file be loaded, see ``FileOptions``.

        Raises:
            InputError: no model was named, or what was named cannot be used.
            RunError: the weights cannot be had.
        """
        options, checkpoint, arch = self.options, self.options.checkpoint, self.options.arch
        reference = self.model
        if reference is None and checkpoint is not None:
            # whatever the file is called, it is a checkpoint, since the option says so
            reference, arch = (str(checkpoint), None) if arch is None else (_reference(arch), None)
        if reference is None:
            raise InputError(
                "no model was named",
                expected="a MODEL, or --checkpoint FILE with --arch NAME",
                remedy="geed audit efficientnet_lite0, or geed ls specs",
            )
        if options.allow_pickle:
            message_console().print(PICKLE_WARNING)
        network = load_model(
            reference,
            checkpoint=None if reference == str(checkpoint) else checkpoint,
            arch=arch,
            weights=options.weights,
            seed=options.seed,
            spec_dir=options.spec_dir,
            allow_code=options.allow_code,
            img_size=options.img_size,
            allow_pickle=options.allow_pickle,
            file=FileOptions(
                tuple(options.strip_prefix or ()),
                options.key,
                options.num_classes,
                propose,
                kept,
                options.classes,
            ),
            like=self.like,
        )
        return replace(network, typed=self._typed())

    def _typed(self) -> tuple[str, ...]:
        """The words that name this model on the command line of ``geed inspect``."""
        words = [self.model] if self.model is not None else []
        for option in fields(self.options):
            value = getattr(self.options, option.name)
            if option.name not in MODEL_OPTIONS or value == option.default:
                continue
            flag = flag_of(option.name)
            if value is True:
                words.append(flag)
            else:
                words += [
                    word
                    for each in (value if isinstance(value, list) else [value])
                    for word in (flag, str(each))
                ]
        return tuple(words)


def _reference(arch: str) -> str:
    """The architecture of ``--arch`` as a model of its own."""
    return arch if ":" in arch else f"timm:{arch}"
