"""Goal: every module that puts out maps hooked at once costs at most 1.3 times the best bare loop."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack

from torch import Tensor, nn

from benchmarks.speed_against import against_bare, sides, warm_up
from benchmarks.speed_audit import options_for
from benchmarks.speed_case import serve
from benchmarks.speed_settings import Settings
from benchmarks.table import Line
from geed_cli.engine.shapes import TRACED_IMAGES, forward_zeros
from geed_cli.models.network import Network


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
        forward_zeros(network.module, network.input.size)
    return tuple(name for name in names if name in maps and runs[name] == 1)


def layers(settings: Settings) -> Iterator[Line]:
    """Lines of one network."""
    with sides(settings.deep, settings) as both:
        network = both.network
        names = every_map_layer(network)
        warm_up(network, ["c4"], options_for(network, settings, images=4, layers=names))
        what = f"{network.arch}, c4, all {len(names)} modules with maps, against the bare loop"
        yield from against_bare(what, "c4", 1.3, both, layers=names)


if __name__ == "__main__":
    serve(layers)
