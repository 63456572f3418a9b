"""What each module puts out for one image: traced once, so that layers are judged before the run starts."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from geed_cli.engine.hooks import UnreadableError, attach, not_the_batch, tensor_or_why_not
from geed_cli.engine.passes import explained
from geed_cli.errors import InputError
from geed_cli.input_settings import InputSettings
from geed_cli.models.code.as_it_was import as_it_was
from geed_cli.models.code.own_type import black
from geed_cli.models.network import Network, Site, call_of, module_of

TRACED_IMAGES = 2
"""Images in a traced batch: with one alone, an axis that is not the batch could not be told from it."""
CALLS_NAMED = 8
"""How many calls of a module are listed one by one."""


@dataclass(frozen=True)
class Trace:
    """What was seen in one forward pass.

    Attributes:
        shapes: of each site's activation for one image, without the batch axis.
        first: for each site the one that was first to hold the very same numbers in memory: itself, or the one
            before, as where a block ends in a ReLU, a stage in a block, or a module passes on what it is given.
        problems: why a layer that was only asked about has no such activation, as a clause, by its name.
        calls: the layers of each module that was asked about: itself, or ``relu#1``, ``relu#2``, … where it runs
            several times; none where it does not run.
        lengths: of all lists of tokens that any module puts out.
    """

    shapes: Mapping[Site, tuple[int, ...]]
    first: Mapping[Site, Site]
    problems: Mapping[str, str]
    calls: Mapping[str, tuple[str, ...]]
    lengths: frozenset[int]


def trace(network: Network, sites: Iterable[Site], modules: Iterable[str] = ()) -> Trace:
    """Run the network once and note what its sites hold, and the outputs of the modules, call by call.

    Raises:
        InputError: a site is not reached, or is reached several times and names no call; its first axis is not the
            batch, as in attention over windows; or it is not one tensor of real numbers.
    """
    sites = tuple(dict.fromkeys(sites))
    modules = tuple(dict.fromkeys(modules))
    seen = _Seen({Site(module_of(site.module), site.side): [] for site in sites}, traced_images(network))
    for name in modules:
        seen.calls.setdefault(Site(name, "output"), [])
    with ExitStack() as stack:
        for plain in seen.calls:
            stack.callback(attach(network.module, plain, seen.reader(plain)).remove)
        for part in network.module.modules():
            stack.callback(part.register_forward_hook(seen.note_tokens).remove)
        with explained(network):
            forward_plain(network.module, network.input, traced_images(network))
    whole = {site: _required(network, site, seen.calls) for site in sites}
    calls = {name: _names(name, len(seen.calls[Site(name, "output")])) for name in modules}
    for name, layers in calls.items():
        whole |= {
            Site(layer, "output"): call
            for layer, call in zip(layers, seen.calls[Site(name, "output")], strict=True)
        }
    shapes = {site: call.shape for site, call in whole.items() if call.problem is None}
    return Trace(
        shapes,
        {site: _first(site, call, whole) for site, call in whole.items()},
        {site.module: call.problem for site, call in whole.items() if call.problem is not None},
        calls,
        frozenset(seen.lengths),
    )


@dataclass(eq=False)
class _Call:
    """One call of a module: the shape of what it holds, or the problem; and which call held the same memory first."""

    shape: tuple[int, ...]
    problem: str | None
    first: "_Call | None" = None


@dataclass
class _Seen:
    """The calls of every site's module; the activation that was read last is kept for the next one's comparison."""

    calls: dict[Site, list[_Call]]
    rows: int
    before: "tuple[_Call, _Held] | None" = None
    lengths: set[int] = field(default_factory=set)

    def note_tokens(self, _module: nn.Module, _inputs: object, output: object) -> None:
        """Note how many tokens a module puts out, where it puts out B×tokens×C."""
        if isinstance(output, Tensor) and output.dim() == 3 and len(output) == self.rows:
            self.lengths.add(output.shape[1])

    def reader(self, plain: Site) -> Callable[[object], None]:
        """Notes the calls of one site."""

        def read(activation: object) -> None:
            found = tensor_or_why_not(plain, activation)
            if isinstance(found, str):
                self.calls[plain].append(_Call((), found))
                self.before = None
                return
            call = _Call(tuple(found.shape[1:]), not_the_batch(plain, tuple(found.shape), self.rows))
            if self.before is not None and self.before[1].holds(found):
                call.first = self.before[0].first or self.before[0]
            self.calls[plain].append(call)
            self.before = None if found.is_inference() else (call, _Held(found, found._version))

        return read


@dataclass(frozen=True)
class _Held:
    """The activation that was read last, kept so that its memory cannot be another's, and how often it was written."""

    activation: Tensor
    version: int

    def holds(self, other: Tensor) -> bool:
        """Whether that is the same memory, read in the same order, and not written since."""
        mine = self.activation
        if other.is_inference():
            return False
        same_memory = mine.data_ptr() == other.data_ptr() and mine.stride() == other.stride()
        return same_memory and mine.shape == other.shape and self.version == other._version


def _required(network: Network, site: Site, calls: Mapping[Site, list[_Call]]) -> _Call:
    """The call that a site means."""
    runs, wanted = calls[Site(module_of(site.module), site.side)], call_of(site.module)
    if len(runs) < (wanted or 1) or (len(runs) > 1 and wanted is None):
        key = "features" if site.side == "output" else "classifier"
        names = _names(module_of(site.module), len(runs))
        problems = {name: call.problem for name, call in zip(names, runs, strict=True)} if runs else {}
        raise not_once(network, site.module, problems, f"split: {{{key}: {{}}}} in the spec")
    call = runs[(wanted or 1) - 1]
    if call.problem is not None:
        raise UnreadableError(network, site, call.problem)
    return call


def _first(site: Site, call: _Call, whole: Mapping[Site, _Call]) -> Site:
    """The site whose memory this one holds."""
    if call.first is None:
        return site
    return next((other for other, each in whole.items() if each is call.first), site)


def _names(module: str, runs: int) -> tuple[str, ...]:
    """What the calls of a module are called."""
    return (module,) if runs == 1 else tuple(f"{module}#{number}" for number in range(1, runs + 1))


def not_once(network: Network, name: str, calls: Mapping[str, str | None], way: str) -> InputError:
    """The refusal of a name that means no one call of its module.

    Args:
        network: the network.
        name: of the module, or of a call that there is not.
        calls: of the module, each with the reason why it cannot be read; None where it can.
        way: how a call is written, with ``{}``.
    """
    module, runs = module_of(name), len(calls)
    times = "once" if runs == 1 else f"{runs} times"
    found = f"module {module!r} runs {times} in one forward pass of {network.id}"
    if call_of(name) is not None:
        found = f"{found}, so there is no {name}"
    # where one sees part of the batch, which call is which depends on how many images there are
    faults = [f"of {call}, {problem}" for call, problem in calls.items() if problem is not None]
    if faults or not runs:
        return InputError(
            f"{found}; {faults[0]}" if faults else found,
            expected="a module with a row for each image of a batch" if faults else "a module that runs",
            remedy=f"choose another: {network.inspect_command}",
        )
    named = tuple(calls)
    listed = ", ".join(named) if len(named) <= CALLS_NAMED else f"{named[0]} to {named[-1]}"
    return InputError(
        found,
        expected=f"one of its calls: {listed}" if runs > 1 else module,
        remedy=way.replace("{}", named[0]),
    )


def trace_all(network: Network) -> dict[str, str]:
    """The output of every call of every module as text: a shape such as ``64×56×56``, or what else it is."""
    seen: dict[str, list[str]] = {name: [] for name, _ in network.module.named_modules()}

    def note(name: str) -> Callable[[object], None]:
        def hook(output: object) -> None:
            text = type(output).__name__
            if isinstance(output, Tensor):
                text = "×".join(map(str, output.shape[1:]))
            seen[name].append(text)

        return hook

    with ExitStack() as stack:
        for name in seen:
            stack.callback(attach(network.module, Site(name, "output"), note(name)).remove)
        with explained(network):
            forward_plain(network.module, network.input, traced_images(network))
    return {
        layer: text
        for name, outputs in seen.items()
        for layer, text in zip(_names(name, len(outputs)) or (name,), outputs or ("not run",), strict=True)
    }


def traced_images(network: Network) -> int:
    """How many images a traced batch has."""
    return network.batch or TRACED_IMAGES


def forward_plain(module: nn.Module, settings: InputSettings, images: int = TRACED_IMAGES) -> Tensor:
    """The network's output on plain images: the first black, the others white, before any scaling.

    They differ, so that what is done to some images alone shows.
    """
    # tensors of inference mode do not count how often they are written
    with as_it_was(module), torch.inference_mode(False), torch.no_grad():
        pictures = black(module, images, settings.channels, settings.size)
        pictures[1:] = 1
        output = module(pictures)
    assert isinstance(output, Tensor), "networks are checked to return one tensor when they are loaded"
    return output
