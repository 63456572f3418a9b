"""How long a large report page takes, and how large pages are: ``python -m benchmarks.report_page``.

Results are made up of a saved one: its entries for as many layers, groups, images and models as are asked for, with
rows drawn at random, since neither time nor size depends on what the numbers say.
"""

import argparse
import hashlib
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from geed_cli.choices import IntervalOptions
from geed_cli.comparison.compare import compare
from geed_cli.comparison.subjects import Contender
from geed_cli.report.html.page_contents import PageContents
from geed_cli.report.html.report_page import report_page
from geed_cli.result.embedded import embedded
from geed_cli.result.file import read_result
from geed_cli.result.schema import Entry, Group, Image, PerImage, Result, TopClasses


def enlarged(result: Result, images: int, layers: int, groups: int, seed: int) -> Result:
    """A result of so many images, layers and groups, each entry with numbers of its own, and all keys of an audit."""
    rng = np.random.default_rng(seed)
    names = tuple(f"group{number}" for number in range(groups))
    own = [
        group.model_copy(update={"name": name})
        for group, name in zip(result.groups * groups, names, strict=False)
    ]
    entries = [
        _with_numbers(
            entry.model_copy(update={"group": group.name, "layer": layer}), images, group.order, rng
        )
        for at, group in enumerate(own)
        for entry, layer in _with_layers(result, result.groups[at % len(result.groups)].name, layers)
    ]
    listed = tuple(
        Image(path=f"image_{number:05d}.png", sha256=hashlib.sha256(b"%d" % number).hexdigest())
        for number in range(images)
    )
    data = result.data.model_copy(
        update={"count": images, "found": images, "images": listed, "clusters": None, "duplicates": ()}
    )
    tops = tuple(_top_classes(group, images, rng) for group in own)
    return result.model_copy(
        update={
            "groups": tuple(own),
            "results": tuple(entries),
            "data": data,
            "top_classes": tops,
            "class_names": {
                place: f"a class of things, number {place}"
                for place in sorted({each for top in tops for row in top.classes.values() for each in row})
            },
            "grid_phase": tuple(
                phase.model_copy(update={"group": group.name})
                for at, group in enumerate(own)
                for phase in result.grid_phase
                if phase.group == result.groups[at % len(result.groups)].name
            ),
        }
    )


def _with_layers(result: Result, group: str, layers: int) -> Iterator[tuple[Entry, str | None]]:
    """The group's entries: of the whole network, and those of its layers, over again, under so many names."""
    own = [entry for entry in result.results if entry.group == group]
    yield from ((entry, None) for entry in own if entry.layer is None)
    there = list(dict.fromkeys(entry.layer for entry in own if entry.layer is not None))
    for number in range(layers):
        like = there[number % len(there)]
        yield from ((entry, f"blocks.{number}") for entry in own if entry.layer == like)


def _with_numbers(entry: Entry, images: int, order: int, rng: np.random.Generator) -> Entry:
    """The entry with rows of its own, and every other number a little nearer to 0."""

    def rows(like: Sequence[float | None]) -> tuple[float, ...]:
        drawn: np.ndarray = rng.choice([each for each in like if each is not None], images)
        return tuple(float(each) for each in drawn + 1e-6 * rng.random(images))

    def other(number: float) -> float:
        return number * (1 - 0.05 * float(rng.random()))

    def limits(value: float) -> tuple[float, float]:
        return float(f"{value - 0.1 * abs(value):.6g}"), float(f"{value + 0.1 * abs(value):.6g}")

    parts: dict[str, object] = {
        "per_element": {
            # of layers e is perfect, from which their rows on the way to another image follow
            name: value and (value if name == "e" and entry.layer is not None else other(value))
            for name, value in entry.per_element.items()
        },
        "per_element_ci": {name: value and limits(value) for name, value in entry.per_element.items()},
        "controls": {
            name: value if name == "rounding" else other(value) for name, value in entry.controls.items()
        },
        "twin_ci": limits(entry.controls["twin"]) if "twin" in entry.controls else None,
    }
    if entry.value is not None:
        parts |= {"value": other(entry.value), "ci": entry.ci and (other(entry.ci[0]), other(entry.ci[1]))}
    values: tuple[float, ...] = ()
    if entry.per_image is not None:
        norm = entry.per_image.normaliser
        values = rows(entry.per_image.value)
        parts["per_image"] = PerImage(value=values, normaliser=None if norm is None else rows(norm))
    way = entry.to_another
    if way is not None and way.per_image is not None:
        # of layers they follow from the others, as in an audit
        own = (
            rows(way.per_image)
            if entry.layer is None
            else tuple(order * (v + 1) / (order - 1) for v in values)
        )
        changes = {
            "per_image": own,
            "null": tuple((one, two, other(far)) for one, two, far in way.null),
            "value": way.value and other(way.value),
            "twin_ci": way.twin and limits(way.twin),
        }
        parts["to_another"] = way.model_copy(update=changes)
    return entry.model_copy(update=parts)


def _top_classes(group: Group, images: int, rng: np.random.Generator) -> TopClasses:
    """One class in ten is another one under an element."""
    usual = rng.integers(0, 1000, images)
    return TopClasses(
        group=group.name,
        classes={
            element: tuple(map(int, np.where(rng.random(images) < 0.1, rng.integers(0, 1000, images), usual)))
            for element in group.elements
        },
        probabilities={element: tuple(map(float, rng.random(images).round(4))) for element in group.elements},
    )


def main() -> None:
    """Make the page, and print seconds of processor time and kilobytes."""
    cli = argparse.ArgumentParser(description=__doc__)
    cli.add_argument("result", type=Path, help="a saved result of efficientnet_lite0 under several groups")
    cli.add_argument("--images", type=int, default=2000)
    cli.add_argument("--layers", type=int, default=30)
    cli.add_argument("--groups", type=int, default=4)
    cli.add_argument("--models", type=int, default=5)
    cli.add_argument("-o", dest="output", type=Path)
    asked = cli.parse_args()
    saved = read_result(asked.result)
    results = {
        f"model{seed}": enlarged(saved, asked.images, asked.layers, asked.groups, seed)
        for seed in range(asked.models)
    }
    began = time.process_time()
    comparison = None
    if len(results) > 1:
        comparison = compare(
            [Contender(label, (result,), (label,)) for label, result in results.items()], IntervalOptions()
        )
    compared = time.process_time()
    page = report_page(PageContents(results, comparison))
    ended = time.process_time()
    inside = embedded(results)
    print(f"comparison {compared - began:.1f} s, page {ended - compared:.1f} s")
    print(f"{len(page.encode()) / 1024:.0f} KB, of which results {len(inside or '') / 1024:.0f} KB")
    if asked.output is not None:
        asked.output.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
