"""Goal: large photographs cost at most 1.1 times the same pictures already resized, since decoding is hidden."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.decoding import SETTINGS
from benchmarks.large_pictures import write_large, write_resized
from benchmarks.speed_against import warm_up
from benchmarks.speed_audit import Spent, audit_once, options_for
from benchmarks.speed_case import serve
from benchmarks.speed_settings import Settings
from benchmarks.speed_turns import in_turns
from benchmarks.table import Line
from geed_cli.choices import Decode
from geed_cli.models.load import load_model

MODES: tuple[Decode, ...] = ("exact", "fast")
RESIZED = "resized"


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


if __name__ == "__main__":
    serve(decoding)
