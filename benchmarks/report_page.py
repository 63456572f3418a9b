"""How long a large report page takes, and how large pages are: ``python -m benchmarks.report_page``.

Results are made up of a saved one: its entries for as many layers, groups, images and models as are asked for, with
rows drawn at random, since neither time nor size depends on what the numbers say.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from geed_cli.choices import IntervalOptions
from geed_cli.comparison.compare import compare
from geed_cli.comparison.subjects import Contender
from geed_cli.report.html.page_contents import PageContents
from geed_cli.report.html.report_page import report_page
from geed_cli.result.embedded import embedded
from geed_cli.result.file import read_result
from geed_cli.result.schema import Entry, Image, PerImage, Result


def enlarged(result: Result, images: int, layers: int, groups: int, seed: int) -> Result:
    """A result of so many images, layers and groups, each entry with rows of its own."""
    rng = np.random.default_rng(seed)
    names = tuple(f"group{number}" for number in range(groups))
    own = [
        group.model_copy(update={"name": name})
        for group, name in zip(result.groups * groups, names, strict=False)
    ]
    orders = {group.name: group.order for group in own}
    entries = [
        _with_rows(entry.model_copy(update={"group": name, "layer": layer}), images, orders[name], rng)
        for at, name in enumerate(names)
        for entry in result.results
        if entry.group == result.groups[at % len(result.groups)].name
        for layer in _layers(entry, layers)
    ]
    listed = tuple(Image(path=f"image_{number:05d}.png", sha256=f"{number:064x}") for number in range(images))
    data = result.data.model_copy(
        update={"count": images, "found": images, "images": listed, "clusters": None, "duplicates": ()}
    )
    return result.model_copy(
        update={
            "groups": tuple(own),
            "results": tuple(entries),
            "data": data,
            "top_classes": (),
            "grid_phase": (),
        }
    )


def _layers(entry: Entry, layers: int) -> Sequence[str | None]:
    if entry.layer is None:
        return [None]
    return [f"blocks.{number}" for number in range(layers)] if entry.layer == "blocks.0" else []


def _with_rows(entry: Entry, images: int, order: int, rng: np.random.Generator) -> Entry:
    def rows(like: Sequence[float | None]) -> tuple[float, ...]:
        drawn: np.ndarray = rng.choice([each for each in like if each is not None], images)
        return tuple(float(each) for each in drawn + 1e-6 * rng.random(images))

    parts: dict[str, object] = {}
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
        parts["to_another"] = way.model_copy(update={"per_image": own})
    return entry.model_copy(update=parts)


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
