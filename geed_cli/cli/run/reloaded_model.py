"""The network of a saved result, loaded again by the words that the result keeps of it, and its gallery.

A result may be a stranger's: of what its words allow, running code and reading pickles are left to the command at hand.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import typer
from typer.main import get_command

from geed_cli.cli.audit_arguments import MODEL_OPTIONS, AuditArguments
from geed_cli.cli.command import OnceCommand, takes_options
from geed_cli.cli.panels import ModelName
from geed_cli.cli.run.model_request import ModelRequest
from geed_cli.errors import GeedError, InputError
from geed_cli.groups.named import GROUP_SUFFIXES
from geed_cli.models.network import Network
from geed_cli.pipeline.gallery.make_gallery import GalleryOptions, make_gallery, same_network
from geed_cli.report.console import plain
from geed_cli.result.gallery import Gallery
from geed_cli.result.schema import Result

GROUP_FLAGS, SET_FLAGS = ("--group", "-g"), ("--set",)


def gallery_of(
    result: Result,
    count: int,
    *,
    layer: str | None = None,
    allow_code: bool = False,
    allow_pickle: bool = False,
) -> Gallery:
    """The gallery of a saved result, whose network, pictures, groups and sets are where its words say.

    Args:
        result: as it was read.
        count: pictures of each group.
        layer: where disagreement is looked for; None for the last with more than one place.
        allow_code: whether a spec may name code to be run.
        allow_pickle: whether a checkpoint may be a pickle.

    Raises:
        InputError: as ``reloaded`` and ``make_gallery``.
        RunError: likewise.
    """
    if result.data.source == "memory":
        raise InputError(
            f"--images for the result of {result.model.id}, whose pictures ({plain(result.data.root)}) were in memory",
            expected="pictures in files, which can be shown again",
            remedy="leave out --images; or in Python make_gallery, whose options take the pictures as folder",
        )
    network = reloaded(result, allow_code=allow_code, allow_pickle=allow_pickle)
    options = GalleryOptions(
        count=count,
        layer=layer,
        follow_links="--follow-links" in result.command,
        groups=tuple(_files(result.command, GROUP_FLAGS)),
        sets=tuple(_files(result.command, SET_FLAGS)),
    )
    return make_gallery(result, network, options)


def reloaded(result: Result, *, allow_code: bool = False, allow_pickle: bool = False) -> Network:
    """The network that a result is of.

    Args:
        result: as it was read.
        allow_code: whether a spec may name code to be run, which a result alone cannot allow.
        allow_pickle: whether a checkpoint may be a pickle, likewise.

    Raises:
        InputError: the result does not say how, what it names cannot be loaded, or has other weights by now.
        RunError: weights that cannot be had.
    """
    request = _request(result)
    options = replace(request.options, allow_code=allow_code, allow_pickle=allow_pickle)
    network = replace(request, options=options).load()
    return same_network(result, network)


def _request(result: Result) -> ModelRequest:
    """What the result names."""
    words = result.model.typed or _library_id(result)
    found: list[ModelRequest] = []

    @takes_options(only=MODEL_OPTIONS)
    def named(model: ModelName = None, *, arguments: AuditArguments) -> None:
        found.append(ModelRequest(model, arguments))

    app = typer.Typer(add_completion=False)
    app.command(cls=OnceCommand, add_help_option=False)(named)
    try:
        get_command(app).main(args=list(words), prog_name="model", standalone_mode=False)
    except GeedError:
        raise
    except Exception as error:  # click's, or typer's own copy of it
        raise _unknown(result) from error
    if not found:
        raise _unknown(result)
    return found[0]


def _library_id(result: Result) -> tuple[str, ...]:
    """The id of published weights of a library, which is a name to load them by."""
    model = result.model
    if model.source not in ("timm", "torchvision") or model.weights.origin != "pretrained":
        raise _unknown(result)
    return (model.id, "--img-size", str(model.input.size))


def _files(command: Sequence[str], flags: Sequence[str]) -> Iterator[str]:
    """The files among the values of an option, which the names in a result do not tell."""
    for word, following in zip(command, (*command[1:], ""), strict=False):
        flag, sign, value = word.partition("=")
        text = value if sign and flag in flags else following if word in flags else ""
        yield from (part for part in text.split(",") if part.endswith(GROUP_SUFFIXES))


def _unknown(result: Result) -> InputError:
    return InputError(
        f"the result of {result.model.id} does not say how its network is loaded",
        expected="a result that geed audit wrote, of this version or later",
        remedy="run the audit again with --json",
    )
