"""Rows of earlier runs: cached and fresh results are the same digit for digit, and only what is new is computed.

Rows are kept of networks of known libraries alone, which their weights tell apart: a few tests have a real one, the
others a smaller one that says to be such.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.audits import StopAfter, counting
from support.cache import counted_puts
from support.networks import small_conv_net
from support.pictures import smooth_pictures
from support.results import numbers

from geed_cli.cache.contents import networks_in
from geed_cli.cache.database import FILE_NAME, Database
from geed_cli.cache.row_bytes import Numbers, decode
from geed_cli.errors import RunError
from geed_cli.models.load import load_model
from geed_cli.models.network import Network
from geed_cli.pipeline.audit import audit, audit_together
from geed_cli.pipeline.options import (
    ActionOptions,
    AuditOptions,
    ControlOptions,
    DataOptions,
    RunOptions,
    UntilOptions,
)
from geed_cli.pipeline.progress import Silent
from geed_cli.pipeline.reuse import row_cache

SIZE = 16
GROUPS = ("flip", "c4")
LAYERS = ("block1", "block3", "pool")
PICTURES = (9, 20)


def small(seed: int = 0) -> Network:
    """A small network as if of timm; the hash of its weights is another one for every seed."""
    network = small_conv_net(seed, SIZE)
    weights = replace(network.weights, state_sha256=str(seed) * 64)
    return replace(network, source="timm", weights=weights)


@pytest.fixture(scope="module")
def network() -> Network:
    return small()


@pytest.fixture(scope="module")
def real() -> Network:
    return load_model("timm:test_resnet", weights="random", img_size=SIZE)


def options_of(folder: Path, cache: Path | None, **changes: object) -> AuditOptions:
    options = AuditOptions(
        data=DataOptions(folder),
        run=RunOptions("cpu", 8),
        layers=LAYERS,
        controls=ControlOptions(probes=4),
        cache=cache,
    )
    return replace(options, **changes)


def test_a_rerun_takes_no_forward_pass_and_gives_the_same_digits(
    real: Network, folder: Path, tmp_path: Path
) -> None:
    """All values, intervals, controls and rows: fresh without a cache, fresh with one, and cached."""
    layers = ("layer1", "layer4")
    without = audit(real, GROUPS, options_of(folder, None, layers=layers))
    first = audit(real, GROUPS, options_of(folder, tmp_path, layers=layers))
    with counting(real) as passes:
        again = audit(real, GROUPS, options_of(folder, tmp_path, layers=layers))
    assert passes == []
    assert again.timing.cached == 9
    assert numbers(without) == numbers(first) == numbers(again)


def test_an_image_has_a_row_of_numbers_and_one_for_each_vector(
    network: Network, folder: Path, tmp_path: Path
) -> None:
    """More layers and groups add to the row of numbers; more views add vectors, features and logits of each."""
    for groups, layers, views in ((["flip"], LAYERS[:1], 2), (["flip"], LAYERS, 2), (GROUPS, LAYERS, 5)):
        audit(network, groups, options_of(folder, tmp_path, layers=layers))
        with Database(tmp_path) as database:
            assert [use.rows for use in networks_in(database)] == [9 * (1 + 2 * views)]


def test_numbers_lie_as_an_equal_run_asks_for_them(network: Network, folder: Path, tmp_path: Path) -> None:
    """The fingerprint comes last, so that they are found without a search."""
    audit(network, ["flip"], options_of(folder, tmp_path))
    with Database(tmp_path) as database:
        stored = database.read(lambda c: c.execute("SELECT key, value FROM rows").fetchall(), [])
    rows = [row for key, value in stored if isinstance(row := decode(key, value), Numbers)]
    assert len(rows) == 9
    for row in rows:
        assert np.array_equal(row.names[-4:], row_cache.FINGERPRINT)


@pytest.mark.parametrize(
    ("before", "after", "layers"),
    [
        (("flip",), (*GROUPS, "c8"), LAYERS),
        pytest.param(("c8",), ("c4", "c8"), LAYERS, marks=pytest.mark.heavy),
        # pool has maps of one pixel, of which either group averages all its own elements
        (("d4",), ("c4",), LAYERS[:2]),
    ],
)
def test_another_group_computes_only_its_new_elements(
    network: Network,
    folder: Path,
    tmp_path: Path,
    before: tuple[str, ...],
    after: tuple[str, ...],
    layers: tuple[str, ...],
) -> None:
    """The same digits as without a cache; no more passes than the missing elements and e need."""
    audit(network, before, options_of(folder, tmp_path, layers=layers))
    with counting(network) as passes:
        grown = audit(network, after, options_of(folder, tmp_path, layers=layers))
    with counting(network) as all_passes:
        fresh = audit(network, after, options_of(folder, None, layers=layers))
    assert numbers(grown) == numbers(fresh)
    assert len(passes) < len(all_passes)


def test_another_layer_and_more_images(network: Network, folder: Path, tmp_path: Path) -> None:
    """A layer needs its maps, so the passes are made again; further images are the only new ones."""
    few = options_of(folder, tmp_path, layers=LAYERS[:1], data=DataOptions(folder, samples=5))
    audit(network, ["c4"], few)
    more = options_of(folder, tmp_path, layers=LAYERS[:1])
    with counting(network) as passes:
        grown = audit(network, ["c4"], more)
    # nine images, four more, of which probes may be shown again for their null
    assert 2 <= len(passes) <= 4
    assert numbers(grown) == numbers(audit(network, ["c4"], replace(more, cache=None)))
    wider = options_of(folder, tmp_path)
    assert numbers(audit(network, ["c4"], wider)) == numbers(
        audit(network, ["c4"], replace(wider, cache=None))
    )


def test_an_interrupted_run_goes_on_where_it_stopped(network: Network, folder: Path, tmp_path: Path) -> None:
    """What was finished is known; the whole result is that of a run without interruption."""
    part = audit(network, GROUPS, options_of(folder, tmp_path), StopAfter(4))
    assert part.status == "partial"
    with counting(network) as passes:
        whole = audit(network, GROUPS, options_of(folder, tmp_path))
    fresh = audit(network, GROUPS, options_of(folder, None))
    assert (
        whole.timing.cached >= part.data.count - 1
    )  # the last probe may be shown again for the next one's null
    assert numbers(whole) == numbers(fresh)
    assert 0 < len(passes) < 9 * (8 + 1) // 8 + 4


@pytest.mark.parametrize(("values", "seconds", "times"), [(10**9, 1e9, 1), (10**9, -1.0, 10), (1, 1e9, 10)])
def test_rows_are_written_after_so_many_or_so_long(
    network: Network,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    values: int,
    seconds: float,
    times: int,
) -> None:
    """A run that is killed has lost what was found since; what is left is written at the end."""
    monkeypatch.setattr(row_cache, "WRITE_AT", values)
    monkeypatch.setattr(row_cache, "WRITE_EVERY_S", seconds)
    put = counted_puts(monkeypatch)
    audit(network, ["flip"], options_of(folder, tmp_path))
    assert len(put) == times
    assert sum(put) == 9 * (1 + 2 * 2)


def test_looks_and_runs_share_rows(network: Network, tmp_path: Path) -> None:
    """A growing run leaves rows that a plain run of the same images takes."""
    pictures = smooth_pictures(tmp_path / "many", count=44, size=20)
    until = UntilOptions(1e-9, 44)
    options = options_of(pictures, tmp_path, data=DataOptions(pictures, samples=20), until=until)
    audit(network, ["flip"], options)
    with counting(network) as passes:
        plain = audit(network, ["flip"], options_of(pictures, tmp_path))
    assert passes == []
    assert plain.timing.cached == 44


CHANGES = {
    "precision": {"run": RunOptions("cpu", 8, "fp64")},
    "batch": {"run": RunOptions("cpu", 4)},
    "interpolation": {"action": ActionOptions(interpolation="bicubic")},
    "boundary": {"action": ActionOptions("zero")},
}


@pytest.mark.parametrize(
    "change", [pytest.param(each, marks=[pytest.mark.heavy] * (each != "interpolation")) for each in CHANGES]
)
def test_every_setting_that_changes_digits_misses(
    network: Network, folder: Path, tmp_path: Path, change: str
) -> None:
    """Changed alone, it takes nothing of c3's resampled elements from the cache, and the digits are its own."""
    audit(network, ["c3"], options_of(folder, tmp_path))
    changed = options_of(folder, tmp_path, **CHANGES[change])
    other = audit(network, ["c3"], changed)
    assert other.timing.cached == 0
    assert numbers(other) == numbers(audit(network, ["c3"], replace(changed, cache=None)))


def test_other_weights_sizes_and_pictures_miss(real: Network, folder: Path, tmp_path: Path) -> None:
    """The weights' hash, the input size and the file's hash are part of every key."""

    def known(network: Network, pictures: Path) -> int | None:
        options = options_of(
            pictures, tmp_path / "cache", layers=("layer1",), controls=ControlOptions(probes=0)
        )
        return audit(network, ["flip"], options).timing.cached

    known(real, folder)
    others = [
        load_model("timm:test_resnet", weights="random", seed=1, img_size=SIZE),
        load_model("timm:test_resnet", weights="random", img_size=SIZE + 4),
        load_model("timm:resnet14t", weights="random", img_size=SIZE),
    ]
    for other in others:
        assert known(other, folder) == 0
    changed = smooth_pictures(tmp_path / "changed", count=9, size=21)
    assert known(real, changed) == 0
    # the same pictures in another folder are the same pictures
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in folder.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    assert known(real, copy) == 9


def test_two_networks_in_one_run(network: Network, folder: Path, tmp_path: Path) -> None:
    """What one of them still needs is shown to both; each keeps its own rows."""
    other = small(3)
    audit(network, ["c4"], options_of(folder, tmp_path))
    together = audit_together([network, other], ["c4"], options_of(folder, tmp_path))
    apart = [audit(each, ["c4"], options_of(folder, None)) for each in (network, other)]
    assert list(map(numbers, together)) == list(map(numbers, apart))
    with counting(network) as passes:
        again = audit_together([network, other], ["c4"], options_of(folder, tmp_path))
    assert passes == []
    assert list(map(numbers, again)) == list(map(numbers, apart))


def test_context_discovery_and_normaliser_images(network: Network, folder: Path, tmp_path: Path) -> None:
    """What is made up around pictures is known too; a search shows every image; M of other images is kept."""
    for changes in (
        {"action": ActionOptions("context"), "data": DataOptions(folder, samples=5)},
        {"controls": ControlOptions(4, True, "permutation"), "data": DataOptions(folder, samples=7)},
        {"data": DataOptions(folder, samples=5, norm_samples=4)},
    ):
        options = options_of(folder, tmp_path, **changes)
        first, again = (audit(network, ["c3"], options) for _ in range(2))
        fresh = audit(network, ["c3"], replace(options, cache=None))
        assert numbers(first) == numbers(again) == numbers(fresh)


def test_what_is_made_up_outlives_a_run_that_reads_no_surroundings(
    network: Network, folder: Path, tmp_path: Path
) -> None:
    """A run inside the disc between two with context leaves the known parts as they are."""
    wide = options_of(folder, tmp_path, action=ActionOptions("context"))
    before = audit(network, ["c8"], wide)
    audit(network, ["c8"], options_of(folder, tmp_path))
    after = audit(network, ["c8"], wide)
    assert after.timing.cached == 9
    assert before.data.made_up == after.data.made_up
    assert before.data.made_up is not None
    assert before.data.made_up > 0


def test_a_damaged_cache_is_a_note_and_no_error(network: Network, folder: Path, tmp_path: Path) -> None:
    """Garbage in place of the file: everything is computed, and the user is told."""
    (tmp_path / FILE_NAME).write_bytes(b"garbage" * 1000)
    told: list[str] = []

    class Telling(Silent):
        def note(self, text: str) -> None:
            told.append(text)

    result = audit(network, ["flip"], options_of(folder, tmp_path), Telling())
    assert numbers(result) == numbers(audit(network, ["flip"], options_of(folder, None)))
    assert any("cache" in sentence for sentence in told)


def test_a_picture_that_changes_during_the_run_ends_it(
    network: Network, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was looked up is not what was decoded."""
    from geed_cli.pipeline import draw

    real = draw.hashes_of
    monkeypatch.setattr(
        draw, "hashes_of", lambda images: {path: value[::-1] for path, value in real(images).items()}
    )
    with pytest.raises(RunError, match="changed while"):
        audit(network, ["flip"], options_of(folder, tmp_path))
