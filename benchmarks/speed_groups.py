"""Goal: groups that share elements with a larger one cost next to nothing: flip, c4 and d4 against d4 alone."""

from collections.abc import Iterator, Sequence

from benchmarks.speed_against import warm_up
from benchmarks.speed_audit import audit_once, options_for
from benchmarks.speed_case import serve
from benchmarks.speed_settings import Settings
from benchmarks.speed_turns import in_turns
from benchmarks.table import Line
from geed_cli.models.load import load_model


def groups(settings: Settings) -> Iterator[Line]:
    """One line."""
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


if __name__ == "__main__":
    serve(groups)
