"""Audits in parts: the digest of one process, whatever became of the parts, and every image once.

One thread, in which a row has the same digits wherever it is made on one type of CPU.
"""

import random
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from support.audits import StopAfter
from support.networks import small_conv_net
from support.pictures import smooth_pictures

from geed_cli.errors import InputError
from geed_cli.images.selection import in_draw_order
from geed_cli.models.network import Network
from geed_cli.models.output import Output
from geed_cli.pipeline.audit import audit_together
from geed_cli.pipeline.draw import listed
from geed_cli.pipeline.options import AuditOptions, ControlOptions, DataOptions, RunOptions, UntilOptions
from geed_cli.pipeline.progress import Progress, Silent
from geed_cli.pipeline.shards.from_rows import LackingTilesError, assemble
from geed_cli.pipeline.shards.shard import Done, Shard, run_shard
from geed_cli.result.schema import Result
from geed_cli.rows.row_folder import read_rows, union_of
from geed_cli.rows.union import Union

SIZE = 16
PICTURES = (44, SIZE)
GROUPS = ["flip", "c3"]
SILENT = Silent()


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def options_of(folder: Path, samples: int = 40, **data: object) -> AuditOptions:
    """Six control images, in a first tile of eight; orbits of four in batches of eight."""
    options = AuditOptions(
        DataOptions(folder, samples=samples, **data),
        run=RunOptions("cpu", 8),
        controls=ControlOptions(probes=6),
    )
    return replace(options, data=listed(options.data))


def networks(seeds: Sequence[int] = (0,)) -> list[Network]:
    return [replace(small_conv_net(seed, size=SIZE), output=Output("logits", (5,))) for seed in seeds]


def one_process(options: AuditOptions, seeds: Sequence[int] = (0,)) -> list[str]:
    return [result.digest for result in audit_together(networks(seeds), GROUPS, options)]


def make(
    options: AuditOptions,
    rows: Path,
    shard: Shard,
    seeds: Sequence[int] = (0,),
    progress: Progress = SILENT,
) -> Done:
    return run_shard(networks(seeds), GROUPS, options, shard, rows, progress)


def together(
    options: AuditOptions, done: Done, folders: Sequence[Path], seeds: Sequence[int] = (0,)
) -> tuple[Result, ...]:
    """The results of the row files of some folders."""
    return assemble(networks(seeds), GROUPS, options, done.recipe, union_in(done, folders), SILENT)


def union_in(done: Done, folders: Sequence[Path]) -> Union:
    return union_of([file for folder in folders for file in read_rows(folder, done.recipe)], "fp32")


@pytest.mark.parametrize(
    "count", [5, *(pytest.param(count, marks=pytest.mark.heavy) for count in (1, 2, 16))]
)
def test_the_digest_is_that_of_one_process(folder: Path, tmp_path: Path, count: int) -> None:
    """In any order, with rows that no other shard sees, and one part made twice: each image once."""
    options = options_of(folder)
    order = random.Random(count).sample(range(1, count + 1), count)
    folders = [tmp_path / f"{place}" for place in range(count + 1)]
    for number, rows in zip([*order, order[0]], folders, strict=True):
        done = make(options, rows, Shard(number, count))
        assert done.complete
    (result,) = together(options, done, folders)
    assert result.digest == one_process(options)[0]
    assert len({image.path for image in result.data.images}) == len(result.data.images) == 40
    made = [image.path for file in union_files(done, folders[:-1]) for image in file]
    assert sorted(made) == sorted(image.path for image in result.data.images)


def union_files(done: Done, folders: Sequence[Path]) -> Iterator[Sequence[object]]:
    """The images of every record."""
    for folder in folders:
        for file in read_rows(folder, done.recipe):
            yield from (record.images for record in file.records)


@pytest.fixture
def spoilt(tmp_path: Path) -> Path:
    """Pictures of which the drawn ones have copies in other tiles and their own, in bytes and pixels, and faults."""
    folder = smooth_pictures(tmp_path / "pictures", 44, SIZE)
    order = in_draw_order(sorted(path.name for path in folder.iterdir()), 0)
    for copy, of in ((3, 1), (20, 2), (30, 21)):
        (folder / order[copy]).write_bytes((folder / order[of]).read_bytes())
    Image.open(folder / order[9]).save(folder / order[26], format="BMP")
    for place in (0, 5, 33):
        (folder / order[place]).write_bytes(b"no picture")
    return folder


@pytest.mark.parametrize("norm_samples", [None, pytest.param(4, marks=pytest.mark.heavy)])
def test_copies_and_faults_are_settled_at_the_end(
    spoilt: Path, tmp_path: Path, norm_samples: int | None
) -> None:
    """The first of the order that can be used and differ; the shard that ends last makes what replaces others."""
    options = options_of(spoilt, 28, on_bad_image="skip", norm_samples=norm_samples)
    rows = tmp_path / "rows"
    for number in (2, 3, 1):
        done = make(options, rows, Shard(number, 3))
    (result,) = together(options, done, [rows])
    assert result.digest == one_process(options)[0]
    assert result.data.count == 28
    # of the order 0, 3, 5, 20 and 26 do not count, nor 30 and 33 of those that stand in their place
    assert (len(result.data.refused), len(result.data.duplicates)) == (3, 4)
    if norm_samples is None:
        assert result.data.redrawn == 5


def test_what_replaces_images_is_named_where_no_shard_sees_all(spoilt: Path, tmp_path: Path) -> None:
    """And a shard 1/1 that sees all rows makes it."""
    options = options_of(spoilt, 28, on_bad_image="skip")
    folders = [tmp_path / f"{number}" for number in (1, 2)]
    for number, rows in enumerate(folders, start=1):
        done = make(options, rows, Shard(number, 2))
    with pytest.raises(LackingTilesError) as lacking:
        together(options, done, folders)
    assert (lacking.value.tiles, lacking.value.replacements) == ((), 3)  # of 3, 5 and 20, as bytes tell
    for file in folders[1].iterdir():
        file.rename(folders[0] / file.name)
    rest = make(options, folders[0], Shard(1, 1))
    assert rest.made == 5
    assert together(options, rest, folders[:1])[0].digest == one_process(options)[0]


def test_parts_that_lack_are_known(folder: Path, tmp_path: Path) -> None:
    """Tiles of the others, and only these."""
    options = options_of(folder)
    done = make(options, tmp_path, Shard(2, 3))
    with pytest.raises(LackingTilesError) as lacking:
        together(options, done, [tmp_path])
    error = lacking.value
    assert [tile.start for tile in error.all_tiles] == [0, 8, 16, 24, 32]
    assert [tile.start for tile in error.tiles] == [0, 16, 24]


def test_parts_that_were_interrupted_are_continued_as_others(folder: Path, tmp_path: Path) -> None:
    """Three shards that end early are continued as two, which make what lacks and nothing else."""
    options = options_of(folder)
    begun = [make(options, tmp_path, Shard(number, 3), progress=StopAfter(3)) for number in (1, 2, 3)]
    assert not any(done.complete for done in begun[:2])
    ended = [make(options, tmp_path, Shard(number, 2)) for number in (1, 2)]
    assert sum(done.made for done in (*begun, *ended)) == 40
    assert together(options, ended[-1], [tmp_path])[0].digest == one_process(options)[0]
    assert make(options, tmp_path, Shard(1, 1)).made == 0


def test_rows_of_a_picture_that_was_replaced_are_not_gone_on_from(folder: Path, tmp_path: Path) -> None:
    """By the shard whose picture it is; put back, it is the one that was measured."""
    options = options_of(folder)
    path = in_draw_order(options.data.root.paths, options.data.seed)[17]
    for number in (1, 2):
        make(options, tmp_path, Shard(number, 2))
    before = (folder / path).read_bytes()
    Image.new("RGB", (SIZE, SIZE), "red").save(folder / path)
    with pytest.raises(InputError, match=f"1 picture changed since rows were made: {path}"):
        make(options, tmp_path, Shard(1, 2))
    assert make(options, tmp_path, Shard(2, 2)).complete
    (folder / path).write_bytes(before)
    assert make(options, tmp_path, Shard(1, 2)).made == 0


@pytest.mark.heavy
def test_two_networks(folder: Path, tmp_path: Path) -> None:
    """As a network and its random twin: each has its own digest."""
    options = options_of(folder, 20)
    for number in (2, 1):
        done = make(options, tmp_path, Shard(number, 2), seeds=(0, 1))
    results = together(options, done, [tmp_path], seeds=(0, 1))
    assert [result.digest for result in results] == one_process(options, (0, 1))


def test_rows_of_something_else_are_not_put_together(folder: Path, tmp_path: Path) -> None:
    """Other weights, other pictures, another version: the names of what differs."""
    options = options_of(folder)
    done = make(options, tmp_path, Shard(1, 1))
    union = union_in(done, [tmp_path])
    with pytest.raises(InputError, match=r"something else than is here: samples 40 and not 30"):
        assemble(networks(), GROUPS, options_of(folder, 30), done.recipe, union, SILENT)
    with pytest.raises(InputError, match=r"something else than is here: groups flip, c3 and not flip"):
        assemble(networks(), ["flip"], options, done.recipe, union, SILENT)
    # so they are no rows of another audit in the same folder, which makes its own
    assert make(options_of(folder, 30), tmp_path, Shard(1, 1)).made == 30


def test_numbers_that_are_not_finite_are_left_out_alike(tmp_path: Path) -> None:
    """They are counted as refused, as in one process."""
    folder = smooth_pictures(tmp_path / "pictures", 24, SIZE)
    Image.new("RGB", (SIZE, SIZE), "white").save(folder / "0007.png")

    def breaking() -> Network:
        network = small_conv_net(size=SIZE)
        network.module.register_forward_pre_hook(_infinite_where_white)
        return network

    options = options_of(folder, 24)
    options = replace(options, run=replace(options.run, on_nonfinite="skip"))
    for number in (1, 2):
        done = run_shard([breaking()], ["flip"], options, Shard(number, 2), tmp_path / "rows", SILENT)
    union = union_in(done, [tmp_path / "rows"])
    (result,) = assemble([breaking()], ["flip"], options, done.recipe, union, SILENT)
    assert result.digest == audit_together([breaking()], ["flip"], options)[0].digest
    assert [item.path for item in result.data.refused] == ["0007.png"]


def _infinite_where_white(_module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor]:
    x = inputs[0]
    if x.device.type == "meta":
        return (x,)
    white = x.flatten(1).min(dim=1).values > 1.5
    return (torch.where(white[:, None, None, None], x * torch.inf, x),)


def test_rows_of_a_network_that_is_no_function_of_one_image_are_not_kept(
    folder: Path, tmp_path: Path
) -> None:
    """Not even those that were made before it moved."""
    network, seen = small_conv_net(size=SIZE), [0]

    def tire(_module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor]:
        seen[0] += 1
        return (inputs[0] * (1 + (seen[0] > 12)),)

    network.module.register_forward_pre_hook(tire)
    with pytest.raises(InputError, match="is no function of one image"):
        run_shard([network], GROUPS, options_of(folder), Shard(1, 1), tmp_path, SILENT)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("option", "changes"),
    [
        ("--discover", {"controls": ControlOptions(discover="linear")}),
        ("--until-width", {"until": UntilOptions(0.1, 100)}),
        ("--compile", {"run": RunOptions("cpu", 8, compile=True)}),
        ("--batch-size auto", {"run": RunOptions("cpu", "auto")}),
        ("--on-unsteady report", {"run": RunOptions("cpu", 8, on_unsteady="report")}),
    ],
)
def test_what_no_shard_can_do(folder: Path, tmp_path: Path, option: str, changes: dict[str, object]) -> None:
    """Refused before anything is written."""
    with pytest.raises(InputError, match=f"--shard together with {option}"):
        make(replace(options_of(folder), **changes), tmp_path / "rows", Shard(1, 2))
    assert not (tmp_path / "rows").exists()


def test_a_shard_finds_labels_that_do_not_fit(folder: Path, tmp_path: Path) -> None:
    """Of any picture of the audit, with the error of one process; the copy of another shard's picture needs none."""
    order = in_draw_order(sorted(path.name for path in folder.iterdir()), 0)
    pictures = tmp_path / "pictures"
    shutil.copytree(folder, pictures)
    (pictures / order[30]).write_bytes((pictures / order[2]).read_bytes())
    table = tmp_path / "labels.csv"

    def write(labels: Mapping[str, str]) -> AuditOptions:
        table.write_text("path,label\n" + "".join(f"{path},{label}\n" for path, label in labels.items()))
        return options_of(pictures, labels=str(table))

    options = write({path: "0" for path in order if path != order[30]})
    done = [make(options, tmp_path / "rows", Shard(number, 2)) for number in (1, 2)]
    (result,) = together(options, done[1], [tmp_path / "rows"])
    assert result.digest == one_process(options)[0]
    assert order[30] in [copy.path for copy in result.data.duplicates]
    for wrong in ({order[20]: "99"}, {order[21]: "cat"}):
        options = write(dict.fromkeys(order, "0") | wrong)
        with pytest.raises(InputError) as whole:
            one_process(options)
        for number in (1, 2):
            with pytest.raises(InputError) as refused:
                make(options, tmp_path / "none", Shard(number, 2))
            assert refused.value.found == whole.value.found
    assert not (tmp_path / "none").exists()
