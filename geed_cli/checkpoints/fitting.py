"""What a checkpoint file needs in order to fit a network that was named beside it, as far as its names tell.

Told without being asked for: a layout of the table, the prefix that Lightning puts in front, a classifier for another
number of classes, and that there is none. For a spec that is to be read and edited, any prefix and what is left over
are told as well. Whatever is found is a declaration like those of a spec; the matching that follows checks all of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from torch import Tensor

from geed_cli.checkpoints.formats import shown
from geed_cli.checkpoints.layouts import Recognised, recognise, why_projection
from geed_cli.checkpoints.match import fits
from geed_cli.checkpoints.prefixes import common_prefixes, counted_prefixes
from geed_cli.checkpoints.renaming import foreign_prefixes, is_batch_counter, network_names
from geed_cli.checkpoints.rules import KeyRules
from geed_cli.globs import listed
from geed_cli.phrases import counted

RGB = 3
"""Channels of pictures."""
LIGHTNING = "pytorch-lightning_version"
"""An entry of every checkpoint that Lightning writes."""


@dataclass(frozen=True)
class Fit:
    """What was found; see ``KeyRules`` for the first three.

    Attributes:
        strip_prefix: to be taken off besides those that are declared.
        rename: before those that are declared.
        unexpected: besides those that are declared.
        classes: rows of the file's classifier where they are others than the network's.
        headless: whether the file has no classifier for the network.
        channels: of the pictures that the file's first layer takes where they are others than the network's.
        layout: the layout that was recognised, if any.
        notes: one sentence each.
    """

    strip_prefix: tuple[str, ...] = ()
    rename: tuple[tuple[str, str], ...] = ()
    unexpected: tuple[str, ...] = ()
    classes: int | None = None
    headless: bool = False
    channels: int | None = None
    layout: Recognised | None = None
    notes: tuple[str, ...] = ()

    def beside(self, rules: KeyRules) -> KeyRules:
        """The declared rules and what was found."""
        return replace(
            rules,
            strip_prefix=rules.strip_prefix + self.strip_prefix,
            rename=self.rename + rules.rename,
            unexpected=rules.unexpected + self.unexpected,
        )


@dataclass(frozen=True)
class Candidate:
    """A file and the network that it is for.

    Attributes:
        expected: the network's tensors by name.
        classifier: the name of the network's classifier, if it has one.
        state: the file's tensors by name.
        rules: what was declared about the names.
        entries: the names of the file's entries beside the tensors.
    """

    expected: Mapping[str, Tensor]
    classifier: str | None
    state: Mapping[str, Tensor]
    rules: KeyRules
    entries: tuple[str, ...] = ()

    def names(self, fit: Fit) -> dict[str, Tensor]:
        """The file's tensors under the names that they get."""
        return network_names(self.state, fit.beside(self.rules))

    @property
    def head(self) -> list[str]:
        """The network's tensors inside its classifier."""
        return [name for name in self.expected if self.in_head(name)]

    @property
    def body(self) -> list[str]:
        """All others that evaluation reads."""
        return [name for name in self.expected if not self.in_head(name) and not is_batch_counter(name)]

    def in_head(self, name: str) -> bool:
        """Whether a name is inside the classifier."""
        return self.classifier is not None and name.startswith(f"{self.classifier}.")

    def left_over(self, fit: Fit) -> list[str]:
        """Names that are not the network's, and that nobody declared."""
        globs = fit.beside(self.rules).unexpected
        return [name for name in self.names(fit) if name not in self.expected and not listed(name, globs)]

    def absent(self, fit: Fit) -> list[str]:
        """Names of the network's body that the file has not, and that nobody declared."""
        names = self.names(fit)
        return [name for name in self.body if name not in names and not listed(name, self.rules.missing)]


def fit_file(file: Candidate, *, propose: bool = False) -> Fit:
    """Find out what a file needs beyond the rules that were declared.

    Args:
        file: the file and the network.
        propose: also take off any prefix and leave out what is left over, for somebody to read.

    Raises:
        InputError: two tensors of the file get one name.
    """
    fit = Fit()
    if file.absent(fit) or file.left_over(fit):
        fit = _by_layout(file)
        lightning = LIGHTNING in file.entries
        if fit.layout is None and (propose or lightning):
            fit = _by_prefix(file, lightning=lightning)
    fit = _with_channels(file, _with_head(file, fit))
    return _without_the_rest(file, fit) if propose else fit


def can_be_declared(file: Candidate) -> bool:
    """Whether a spec with all that ``fit_file`` proposes would load the file: nothing but a classifier is absent."""
    fit = fit_file(file, propose=True)
    names = file.names(fit)
    replaced = fit.headless or fit.classes is not None
    head = () if replaced else (name for name in file.head if not is_batch_counter(name))
    return all(name in names and fits(names[name], file.expected[name]) for name in (*file.body, *head))


def _by_layout(file: Candidate) -> Fit:
    """Take the encoder of a recognised layout; what the file has of other networks is left out."""
    found = recognise(file.state)
    if found is None:
        return Fit()
    fit = Fit(rename=found.rename, headless=True, layout=found)
    # prefixes that the user declared come off first, so that these are the names to leave out
    names = dict(zip(file.state, file.names(fit) if file.rules.strip_prefix else file.state, strict=True))
    encoder = [name for name in file.state if found.is_encoder(name)]
    others = [names[name] for name in file.state if not found.is_encoder(name)]
    left = common_prefixes(others, (names[name] for name in encoder))
    note = f"names are laid out as by {found.layout.name}: {found.layout.choice}"
    note += f"; left out: {counted_prefixes(left)}" if left else ""
    return replace(fit, unexpected=tuple(left), notes=(note,))


def _by_prefix(file: Candidate, *, lightning: bool) -> Fit:
    """Take off the prefix that hides the network's names, if there is one alone."""
    prefixes = foreign_prefixes(file.absent(Fit()), file.names(Fit()))
    if len(prefixes) != 1:
        return Fit()
    note = f"the prefix '{shown(prefixes[0])}' was taken off the file's names"
    return Fit(strip_prefix=prefixes, notes=(note + ", where Lightning put it" * lightning,))


def _with_head(file: Candidate, fit: Fit) -> Fit:
    """Whether the file has the classifier, and for how many classes."""
    if fit.headless or file.classifier is None:
        return fit
    names = file.names(fit)
    head = {name: names[name] for name in file.head if name in names}
    there = {name for name in head if head[name].numel()}
    lacking = [name for name in file.head if name not in there and not is_batch_counter(name)]
    if lacking and not listed(lacking[0], file.rules.missing) and not file.absent(fit):
        # a head of several layers may stand in its place, under names of its own, or one that lacks a part of it
        other = common_prefixes(filter(file.in_head, names), file.body)
        part = f" (there is no {shown(lacking[0])})" if head else ""
        note = f"the file has no classifier '{file.classifier}'{part}: the network ends in its features"
        note += f"; left out: {counted_prefixes(other)}" if other else ""
        return replace(fit, unexpected=fit.unexpected + tuple(other), headless=True, notes=(*fit.notes, note))
    classes = _classes(head, file.expected)
    if classes is None:
        return fit
    projection = why_projection(file.body, file.left_over(fit))
    if projection is not None:  # the rows are dimensions of it then
        globs = tuple(common_prefixes(head, file.body))
        note = (
            f"the file holds {projection}, so that its '{file.classifier}' of {classes} rows is not "
            f"taken for a classifier (--num-classes {classes} says that it is one)"
        )
        return replace(fit, unexpected=fit.unexpected + globs, headless=True, notes=(*fit.notes, note))
    note = f"the classifier '{file.classifier}' has {classes} classes, as in the file"
    return replace(fit, classes=classes, notes=(*fit.notes, note))


def _with_channels(file: Candidate, fit: Fit) -> Fit:
    """For how many channels the file is, where one convolution of the body alone has another number of inputs."""
    names = file.names(fit)
    pairs = [(name, names[name].shape, file.expected[name].shape) for name in file.body if name in names]
    different = [(name, there, here) for name, there, here in pairs if there != here]
    if len(different) != 1:
        return fit
    name, there, here = different[0]
    inputs_alone = len(there) == len(here) == 4 and (there[0], *there[2:]) == (here[0], *here[2:])
    if not inputs_alone or here[1] != RGB:
        return fit
    note = f"'{shown(name)}' takes {counted(there[1], 'channel')}, as in the file"
    return replace(fit, channels=int(there[1]), notes=(*fit.notes, note))


def _classes(head: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> int | None:
    """The rows in the file of what the classifier has with other rows than the network, if all of them agree."""
    different = {name: value for name, value in head.items() if value.shape != expected[name].shape}
    rows_alone = all(
        value.ndim == expected[name].ndim >= 1 and value.shape[1:] == expected[name].shape[1:]
        for name, value in different.items()
    )
    rows = {value.shape[0] for value in different.values()} if rows_alone else set()
    return int(rows.pop()) if len(rows) == 1 else None


def _without_the_rest(file: Candidate, fit: Fit) -> Fit:
    """Leave out whatever else the file has."""
    rest = file.left_over(fit)
    if not rest:
        return fit
    left = common_prefixes(rest, (name for name in file.names(fit) if name in file.expected))
    note = f"left out, since the network has no such names: {counted_prefixes(left)}"
    return replace(fit, unexpected=fit.unexpected + tuple(left), notes=(*fit.notes, note))
