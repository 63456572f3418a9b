"""``audit``: a network and images, in memory or by name, to a result. The command ``geed audit`` calls it, too."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from os import PathLike
from pathlib import Path

from torch import nn

from geed_cli.api.parameters import Names, several
from geed_cli.api.python_words import called_in_python, in_words_of_wrap
from geed_cli.api.wrap import network_of
from geed_cli.cache.location import cache_folder
from geed_cli.errors import InputError
from geed_cli.groups.group import FiniteGroup
from geed_cli.groups.named import Groups, group_named
from geed_cli.images.memory.prepared import prepared_images
from geed_cli.images.memory.preprocessed import preprocessed
from geed_cli.images.source import list_images
from geed_cli.models.load import load_model
from geed_cli.models.network import Network
from geed_cli.models.requested import parse_reference
from geed_cli.models.spec import OWN_CODE
from geed_cli.pipeline import audit as pipeline
from geed_cli.pipeline.borrowed import own_precision
from geed_cli.pipeline.options import AuditOptions, BatchSize, DeviceName, Precision, RunOptions
from geed_cli.pipeline.progress import Progress, Silent
from geed_cli.report.console import message_console
from geed_cli.report.terminal_progress import TerminalProgress
from geed_cli.result.schema import Result
from geed_cli.runtime.undisturbed import undisturbed
from geed_cli.verdict.python_names import OF_AUDIT


@called_in_python(OF_AUDIT)
def audit(  # noqa: PLR0913 - every parameter but three is an option of the command
    model: str | Network | nn.Module,
    images: object = None,
    groups: Groups | None = None,
    *,
    samples: int | None = None,
    metrics: Names | None = None,
    layers: Names | None = None,
    sets: Names | None = None,
    ready: bool | None = None,
    device: DeviceName | None = None,
    precision: Precision | None = None,
    batch_size: BatchSize | None = None,
    twin: bool | Network | nn.Module = False,
    cache: bool | str | Path = True,
    options: AuditOptions = pipeline.DEFAULTS,
    progress: bool | Progress = True,
) -> Result:
    """Measure G-EED (eq. 4) of one network for one or more groups over a sample of images.

    Args:
        model: a name as on the command line, a network of ``load_model`` or ``wrap``, or a module.
        images: a folder, a list of paths or of PIL images, an array or tensor of pictures, a data set or a DataLoader;
            None is the folder of ``options``, else the bundled sample.
        groups: names such as ``flip``, ``c4`` and ``flip*c4``, or groups; None is ``flip``, or none beside ``sets``.
        samples: audit at most this many images, drawn at random by ``options.data.seed``.
        metrics: names or globs of measures; None is all but those on request.
        layers: names or globs of modules; None is the network's own.
        sets: transformation sets that are no group, such as ``blur:1,2``.
        ready: whether the pictures are cropped to the network's input already.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``; ``auto`` of a wrapped module is where it is.
        precision: floating type of the network; None is that of ``options``, and of a wrapped module its own where
            ``options`` have fp32.
        batch_size: rows of a batch, or ``auto``.
        twin: True audits the same architecture with random weights beside it; a network is that twin itself.
        cache: whether rows of earlier runs are used and kept: in the system's place for caches, or in this folder.
        options: everything else; what the parameters above say goes first.
        progress: False shows neither progress nor notes; an object receives them.

    Returns:
        the result, which is printed as the command prints it, is asked by name, and saves itself.

    Raises:
        InputError: a model, image, group, layer or metric that cannot be used.
        RunError: weights, an image or the device could not be had, memory ran out, or numbers are not finite.
    """
    _refuse_what_are_no_groups(images, groups)
    _refuse_other_kinds(cache, progress)
    options = with_words(options, samples=samples, metrics=metrics, layers=layers, sets=sets)
    options = replace(
        options,
        run=replace(
            options.run,
            device=device or options.run.device,
            batch_size=options.run.batch_size if batch_size is None else batch_size,
        ),
        cache=_folder_of(cache, options.cache),
    )
    if groups is None:
        groups = () if options.sets else ("flip",)
    with undisturbed(), _shown(progress) as report:
        if isinstance(model, str):
            report.step(f"loading {model}")
        network = network_of(model)
        source = options.data.root if images is None else images
        root, settings = prepared_images(source, network.input, ready=ready, place=options.data.place)
        if network.preprocess is not None and not ready:
            root = preprocessed(list_images(root, options.data.place), network.preprocess, settings.size)
        options = replace(
            options, run=replace(options.run, precision=_precision(network, precision, options))
        )
        beside = _twin_of(network, twin, report)
        if settings != network.input:
            network = replace(network, input=settings)
            beside = beside and replace(beside, input=settings)
        options = replace(options, data=replace(options.data, root=root))
        with called_in_python(words=in_words_of_wrap) if network.borrowed else nullcontext():
            return pipeline.audit(network, groups, options, report, beside)


def _precision(network: Network, asked: Precision | None, options: AuditOptions) -> Precision:
    own = options.run.precision
    return asked or (own_precision(network) if network.borrowed and own == RunOptions.precision else own)


def with_words(
    options: AuditOptions,
    *,
    samples: int | None = None,
    metrics: Names | None = None,
    layers: Names | None = None,
    sets: Names | None = None,
) -> AuditOptions:
    """The options with what was said by keyword of what is measured, which goes first.

    Raises:
        InputError: something else in place of the options.
    """
    if not isinstance(options, AuditOptions):
        raise InputError(
            f"options={options!r}",
            expected="AuditOptions",
            remedy="options=geed.AuditOptions(run=geed.RunOptions(…))",
        )
    return replace(
        options,
        data=replace(options.data, samples=options.data.samples if samples is None else samples),
        metrics=options.metrics if metrics is None else several(metrics),
        layers=options.layers if layers is None else several(layers),
        sets=options.sets if sets is None else several(sets),
    )


@contextmanager
def _shown(progress: bool | Progress) -> Iterator[Progress]:
    """What receives the state of the run; Ctrl-C stays Python's own."""
    if not isinstance(progress, bool):
        yield progress
    elif progress:
        with TerminalProgress(message_console(), handles_interrupts=False) as drawn:
            yield drawn
    else:
        yield Silent()


def _twin_of(network: Network, twin: bool | Network | nn.Module, progress: Progress) -> Network | None:
    """The network that is audited beside it, if any.

    Raises:
        InputError: a network that was not loaded by name, of which nobody can build another.
    """
    if not isinstance(twin, bool):
        return network_of(twin)
    if not twin:
        return None
    if not network.reference or network.source in OWN_CODE:
        raise InputError(
            f"twin=True with {network.called}, which geed did not build",
            expected="a network that is loaded by name, or the twin itself",
            remedy="twin=geed.wrap(other), a module of the same architecture with random weights",
        )
    progress.step("building the random twin")
    reference = network.reference
    if parse_reference(reference).kind == "checkpoint":
        reference = f"{network.source}:{network.arch}"
    seed = 1 if network.weights.origin == "random" else 0
    return load_model(reference, weights="random", seed=seed, img_size=network.input.size, like=network)


def _folder_of(cache: bool | str | Path, own: Path | None) -> Path | None:
    if cache is False:
        return None
    return own or cache_folder(None) if cache is True else cache_folder(Path(cache))


def _refuse_what_are_no_groups(images: object, groups: object) -> None:
    """Notice what stands in the wrong place: ``audit(network, ["flip", "c4"])``, or options as the groups.

    Raises:
        InputError: naming the parameter.
    """
    members = groups if isinstance(groups, list | tuple) else [] if groups is None else [groups]
    for member in members:
        if not isinstance(member, str | FiniteGroup):
            raise InputError(
                f"{type(member).__name__} in the place of a group",
                expected="names such as 'flip' and 'c4', or groups",
                remedy="geed.audit(network, images, groups=['flip', 'c4'])",
            )
    names = [images] if isinstance(images, str) else images
    if groups is not None or not isinstance(names, list | tuple) or not names:
        return
    if all(isinstance(name, str) and not Path(name).exists() and _is_group(name) for name in names):
        raise InputError(
            f"the images {images!r} are names of groups",
            expected="images, or none for the bundled sample, and groups after them",
            remedy=f"geed.audit(network, groups={images!r})",
        )


def _refuse_other_kinds(cache: object, progress: object) -> None:
    """Refuse what would end in an error of Python's far from the call.

    Raises:
        InputError: naming the parameter.
    """
    kinds = (
        ("cache", cache, bool | str | PathLike, "True, False or a folder", "False"),
        (
            "progress",
            progress,
            bool | Progress,
            "True, False or an object with the methods of Progress",
            "False",
        ),
    )
    for name, value, kind, expected, usual in kinds:
        if not isinstance(value, kind):
            raise InputError(f"{name}={value!r}", expected=expected, remedy=f"{name}={usual}")


def _is_group(name: str) -> bool:
    try:
        group_named(name)
    except InputError:
        return False
    return True
