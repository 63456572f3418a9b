"""Goal: all measures, all stage layers, one group cost at most 1.05 times the best bare loop."""

from collections.abc import Iterator

from benchmarks.speed_against import ORDERS, against_bare, sides, warm_up
from benchmarks.speed_audit import options_for
from benchmarks.speed_case import serve
from benchmarks.speed_settings import Settings
from benchmarks.table import Line


def loops(settings: Settings) -> Iterator[Line]:
    """Lines for each network and group."""
    for name in settings.models:
        with sides(name, settings) as both:
            network = both.network
            warm_up(network, ["c4"], options_for(network, settings, images=4))
            for group in ORDERS:
                what = f"{network.arch}, {group}, all measures and stages, against the bare loop"
                yield from against_bare(what, group, 1.05, both)


if __name__ == "__main__":
    serve(loops)
