"""What ``geed merge`` costs of many rows: ``python -m benchmarks.merging [--images N]``.

Row files are made of one real tile of a network with twenty audited layers, whose numbers are repeated with noise under
as many names as there are to be images; then a result is assembled of them. Pictures are listed, and not there.
"""

import argparse
import gc
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from geed_cli.images.reader import Folder
from geed_cli.images.selection import in_draw_order
from geed_cli.images.source import ImageSet, list_images
from geed_cli.models.load import load_model
from geed_cli.pipeline.draw import listed
from geed_cli.pipeline.options import AuditOptions, ControlOptions, DataOptions, RunOptions
from geed_cli.pipeline.progress import Silent
from geed_cli.pipeline.shards.from_rows import assemble
from geed_cli.pipeline.shards.maker import working
from geed_cli.result.file import json_pieces
from geed_cli.rows.column import Column, Columns, Numbers
from geed_cli.rows.row_file import RowFile
from geed_cli.rows.row_folder import read_rows, union_of
from geed_cli.rows.tile_record import Outputs, Record

GROUPS = ("flip",)
LAYERS = 20
FILES = 16


def main() -> None:
    """Print seconds and memory of each stage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=100_000)
    images = parser.parse_args().images
    network = load_model("timm:test_resnet", weights="random", img_size=32)
    named = [name for name, _ in network.module.named_modules() if name.count(".") == 2]
    options = options_for(list_images(None), 8, named[:LAYERS])
    with working([network], GROUPS, options, Silent()) as maker:
        (template,) = maker.make(maker.tiles[:1])
    paths = tuple(f"{place:08}.png" for place in range(images))
    listing = ImageSet("pictures", Folder(Path()), paths, (), images)
    options = replace(options, data=replace(options.data, root=listing, samples=images))
    with tempfile.TemporaryDirectory() as folder:
        report("start")
        with working([network], GROUPS, options, Silent()) as maker:
            recipe, machine = dict(maker.recipe), maker.machine
            write(Path(folder), recipe, machine, records(template, in_draw_order(paths, 0)))
        size = sum(file.stat().st_size for file in Path(folder).iterdir())
        report(f"{images} rows, {size / images:.0f} bytes each, written")
        gc.collect()
        gc.freeze()  # as the command leaves what its imports made
        union = union_of(read_rows(Path(folder), recipe), "fp32")
        report("read")
        (result,) = assemble([network], GROUPS, options, recipe, union, Silent())
        del union  # as the command lets go of it
        report("assembled")
        print(f"{len(result.settings.layers)} layers, {len(result.results)} entries")
        print(f"{sum(map(len, json_pieces(result))) / 2**20:.0f} MiB of JSON")
        report("written as JSON")


def options_for(root: ImageSet, samples: int, layers: Sequence[str]) -> AuditOptions:
    """Without controls, since every tile is a copy of the first."""
    options = AuditOptions(
        DataOptions(root, samples=samples),
        run=RunOptions("cpu", 16),
        metrics=("channelwise.cosine", "latent.cosine"),
        layers=tuple(layers),
        controls=ControlOptions(probes=0),
    )
    return replace(options, data=listed(options.data))


def records(template: Record, order: Sequence[str]) -> Iterator[Record]:
    """A tile for every so many names, with numbers that differ."""
    noise = np.random.default_rng(0)
    size = len(template.images)
    for start in range(0, len(order), size):
        names = order[start : start + size]
        images = tuple(
            image._replace(path=name, sha256=f"{name:0>64}", fingerprint=f"{name:0>32}")
            for name, image in zip(names, template.images, strict=False)
        )
        yield Record(True, images, (), (Outputs(),), (noisy(template.networks[0], len(names), noise, start),))


def noisy(columns: Columns, count: int, noise: np.random.Generator, start: int) -> Columns:
    """The columns of the first images with other numbers, but for a cosine of −1, which e has in every layer.

    Rounding is of the first tile alone.
    """
    return {
        key: Column(_moved(column.values[:count], noise), column.places)
        for key, column in columns.items()
        if start == 0 or key[0] != "rounding"
    }


def _moved(values: Numbers, noise: np.random.Generator) -> Numbers:
    times = noise.uniform(0.9, 1.1, (len(values), 1))
    return np.where(np.abs(values + 1.0) < 1e-6, values, values * times).astype(values.dtype)


def write(folder: Path, recipe: dict[str, str], machine: object, made: Iterator[Record]) -> None:
    """In files of equal parts, a tile to each by turns."""
    files = [RowFile(folder, f"{n}", recipe, dict(machine)) for n in range(FILES)]  # type: ignore[call-overload]
    for place, record in enumerate(made):
        files[place % FILES].append(record.to_bytes())
    for file in files:
        file.__exit__(None, None, None)


_latest = time.perf_counter(), time.process_time()


def report(what: str) -> None:
    """Seconds of the clock and of processors since the last report, and the most memory so far."""
    global _latest  # noqa: PLW0603 - a script
    now = time.perf_counter(), time.process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    clock, processors = (after - before for before, after in zip(_latest, now, strict=True))
    print(f"{clock:7.1f} s  {processors:7.1f} s of processors  {peak:5.2f} GiB  {what}", flush=True)
    _latest = now


if __name__ == "__main__":
    main()
