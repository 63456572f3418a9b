"""The cases that time whole audits: against bare loops, the largest of several groups, and resized pictures.

Goals: all measures and stage layers under one group cost at most 1.05 times the best bare loop, and with every module
that puts out maps hooked at once 1.3 times; groups that share elements with a larger one cost next to nothing; large
photographs cost at most 1.1 times the same pictures already resized, since decoding is hidden.
"""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from torch import Tensor, nn

from benchmarks.decoding import SETTINGS
from benchmarks.large_pictures import write_large, write_resized
from benchmarks.speed.audits import ORDERS, Spent, audit_once, options_for, warm_up
from benchmarks.speed.bare import against_bare, sides
from benchmarks.speed.settings import Settings
from benchmarks.speed.timing import in_turns
from benchmarks.table import Line
from geed_cli.choices import Decode
from geed_cli.engine.shapes import TRACED_IMAGES, forward_plain
from geed_cli.models.load import load_model
from geed_cli.models.network import Network

MODES: tuple[Decode, ...] = ("exact", "fast")
RESIZED = "resized"


def loops(settings: Settings) -> Iterator[Line]:
    """Lines for each network and group."""
    for name in settings.models:
        with sides(name, settings) as both:
            network = both.network
            warm_up(network, ["c4"], options_for(network, settings, images=4))
            for group in ORDERS:
                what = f"{network.arch}, {group}, all measures and stages, against the bare loop"
                yield from against_bare(what, group, 1.05, both)


def layers(settings: Settings) -> Iterator[Line]:
    """Lines of one network."""
    with sides(settings.deep, settings) as both:
        network = both.network
        names = every_map_layer(network)
        warm_up(network, ["c4"], options_for(network, settings, images=4, layers=names))
        what = f"{network.arch}, c4, all {len(names)} modules with maps, against the bare loop"
        yield from against_bare(what, "c4", 1.3, both, layers=names)


def every_map_layer(network: Network) -> tuple[str, ...]:
    """The modules that run exactly once and put out one B×C×H×W tensor, in network order."""
    runs: Counter[str] = Counter()
    maps: set[str] = set()

    def note(name: str) -> Callable[[nn.Module, object, object], None]:
        def hook(_module: nn.Module, _inputs: object, output: object) -> None:
            runs[name] += 1
            if isinstance(output, Tensor) and output.dim() == 4 and len(output) == TRACED_IMAGES:
                maps.add(name)

        return hook

    names = [name for name, _ in network.module.named_modules() if name]
    with ExitStack() as stack:
        for name in names:
            handle = network.module.get_submodule(name).register_forward_hook(note(name))
            stack.callback(handle.remove)
        forward_plain(network.module, network.input)
    return tuple(name for name in names if name in maps and runs[name] == 1)


def groups(settings: Settings) -> Iterator[Line]:
    """One line: flip, c4 and d4 against d4 alone."""
    network = load_model(settings.deep, weights="random")
    options = options_for(network, settings)
    warm_up(network, ["d4"], options_for(network, settings, images=4))

    def audited(names: Sequence[str]) -> float:
        return audit_once(network, names, options).total

    turns = in_turns(
        {"all": lambda: audited(["flip", "c4", "d4"]), "largest": lambda: audited(["d4"])}, settings.repeats
    )
    words = f"{turns.median('all'):.2f} s against {turns.median('largest'):.2f} s"
    ratio = turns.ratio("all", "largest")
    yield Line(f"{network.arch}, flip, c4 and d4 in one run, against d4 alone", words, ratio, 1.05)


def decoding(settings: Settings) -> Iterator[Line]:
    """Two lines for each network and way of decoding."""
    with tempfile.TemporaryDirectory() as temporary:
        large, resized = Path(temporary, "large"), Path(temporary, "resized")
        large.mkdir()
        resized.mkdir()
        write_large(large, settings.pictures)
        write_resized(large, resized, SETTINGS.resize)
        for model in (settings.deep, settings.light):
            yield from beside_resized(model, large, resized, settings)


def beside_resized(model: str, large: Path, resized: Path, settings: Settings) -> Iterator[Line]:
    """Audits of both folders under c4, large ones decoded in both ways."""
    network = load_model(model, weights="random")
    warm_up(network, ["c4"], options_for(network, settings, images=4))
    spent: dict[str, Spent] = {}

    def audited(name: str, folder: Path, decode: Decode) -> float:
        options = options_for(network, settings, folder=folder, images=settings.pictures, decode=decode)
        spent[name] = audit_once(network, ["c4"], options)
        return spent[name].total

    turns = in_turns(
        {
            "exact": lambda: audited("exact", large, "exact"),
            "fast": lambda: audited("fast", large, "fast"),
            RESIZED: lambda: audited(RESIZED, resized, "exact"),
        },
        settings.repeats,
    )
    for mode in MODES:
        what = f"{network.arch}, c4, {settings.pictures} JPEGs of 2 to 12 megapixels, {mode}, against resized ones"
        words = f"{turns.median(mode):.1f} s against {turns.median(RESIZED):.1f} s"
        yield Line(what, words, turns.ratio(mode, RESIZED), 1.1)
        yield Line("… its time", spent[mode].split)
