"""Goal: all measures, all stage layers, one group cost at most 1.05 times the best bare loop."""

from collections.abc import Iterator

from benchmarks.speed_against import ORDERS, against_bare, lines_for, warm_up
from benchmarks.speed_audit import options_for
from benchmarks.speed_bare import BareLoop
from benchmarks.speed_case import serve
from benchmarks.speed_settings import Settings
from benchmarks.table import Line
from geed_cli.models.load import load_model


def loops(settings: Settings) -> Iterator[Line]:
    """Two lines for each network and group. Weights are random: speed does not depend on them."""
    for name in settings.models:
        network = load_model(name, weights="random")
        form = BareLoop(network, settings).best()
        warm_up(network, ["c4"], options_for(network, settings, images=4))
        for group in ORDERS:
            what = f"{network.arch}, {group}, all measures and stages, against the bare loop"
            yield from lines_for(what, against_bare(network, group, form, settings), 1.05)


if __name__ == "__main__":
    serve(loops)
