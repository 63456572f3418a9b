"""An audit whose tiles are made by workers that die over some pictures: no cluster, but the code that runs on one."""

import gc
import pickle
import shutil
import sys
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from support.networks import SmallConvNet, network_of, small_conv_net
from support.pictures import smooth_pictures

from geed_cli.cluster.cell_run import CellRun
from geed_cli.cluster.supervisor import Outcome, Supervisor
from geed_cli.cluster.tile_job import TileJob, TileTask
from geed_cli.cluster.tile_pieces import Images, pieces_of
from geed_cli.cluster.worker import Worker
from geed_cli.engine.passes import OutOfMemoryError
from geed_cli.errors import GeedError, InputError, RunError
from geed_cli.images.selection import in_draw_order
from geed_cli.models.network import Network, Site
from geed_cli.pipeline.audit import audit_together
from geed_cli.pipeline.draw import listed
from geed_cli.pipeline.options import AuditOptions, ControlOptions, DataOptions, RunOptions
from geed_cli.pipeline.progress import Silent
from geed_cli.pipeline.shards.tile import Tile
from geed_cli.scheduling.drive import drive
from geed_cli.scheduling.piece import Lease, Piece
from geed_cli.scheduling.pool import Came, Dropped, Ended, Event, Gone, Made, Refused
from geed_cli.scheduling.scheduler import Scheduler

SIZE, FILES, SAMPLES = 16, 44, 40
FEW = 16
GROUPS = ["flip", "c3"]


@pytest.fixture(autouse=True)
def closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Those that die here, too: a worker that is not closed goes back to its folder whenever it is collected."""
    made: list[Worker] = []

    class Kept(Worker):
        def __init__(self) -> None:
            super().__init__()
            made.append(self)

    monkeypatch.setattr(sys.modules[__name__], "Worker", Kept)
    yield
    for worker in reversed(made):
        worker.close()


def networks() -> list[Network]:
    return [small_conv_net(size=SIZE)]


def options_of(folder: Path, samples: int = SAMPLES) -> AuditOptions:
    options = AuditOptions(
        DataOptions(folder, samples=samples), run=RunOptions("cpu", 8), controls=ControlOptions(probes=6)
    )
    return replace(options, data=listed(options.data))


class OwnPool:
    """One worker of this process after the other, each of which dies over the deadly pictures.

    Args:
        cell: the audit.
        deadly: names of pictures.
        first: the name of the first worker.
    """

    def __init__(self, cell: CellRun, deadly: frozenset[str], first: str = "0") -> None:
        self._cell, self._deadly = cell, deadly
        self._leases: deque[Lease] = deque()
        self._worker, self._number = Worker(), 0
        self._events: list[Event] = [Came(first)]
        self.opened: list[str] = []

    def begin(self, lease: Lease) -> None:
        self._leases.append(lease)

    def withdraw(self, lease: Lease) -> None:
        self._leases.remove(lease)
        self._events.append(Dropped(lease))

    def end(self, worker: str) -> None:
        raise AssertionError(f"{worker} does what it is told at once")

    def events(self) -> Sequence[Event]:
        if not self._events and self._leases:
            self._work(self._leases.popleft())
        events, self._events = self._events, []
        return events

    def _work(self, lease: Lease) -> None:
        task = self._cell.task(lease.piece)
        files = self._files(task)
        if self._deadly & files:
            self._leases.clear()
            self._number += 1
            self._worker = Worker()
            self._events = [Gone(lease.worker, "killed"), Came(str(self._number))]
            return
        self.opened += sorted(files)
        answer = self._worker.make(lease.piece.cell, self._cell.job, task)
        if answer.kind == "made":
            self._events = [Made(lease, answer.record)]
        else:
            assert answer.error is not None
            self._events = [(Refused if answer.kind == "refused" else Ended)(lease, answer.error)]

    def _files(self, task: TileTask) -> set[str]:
        """The pictures that a task opens."""
        if task.drawn is not None:
            return set(task.drawn.paths)
        job = self._cell.job()
        order = in_draw_order(listed(job.options.data).root.paths, job.options.data.seed)
        named = {path for tile in task.tiles for path in order[tile.start : tile.stop]}
        return named - task.leave_out.keys()


def begun(cell: CellRun, deadly: frozenset[str] = frozenset()) -> tuple[Scheduler, Supervisor, OwnPool]:
    scheduler = Scheduler()
    supervisor = Supervisor([cell], scheduler, Silent())
    assert supervisor.begin_next()
    return scheduler, supervisor, OwnPool(cell, deadly)


def run(
    options: AuditOptions,
    rows: Path,
    deadly: frozenset[str] = frozenset(),
    load: Callable[[], Sequence[Network]] = networks,
) -> tuple[Outcome, OwnPool]:
    cell = CellRun("cell", load, load, GROUPS, options, rows, Silent())
    scheduler, supervisor, pool = begun(cell, deadly)
    found = [outcome for _, outcome in supervisor.ended()]
    for _ in drive(scheduler, pool, supervisor):
        found += [outcome for _, outcome in supervisor.ended()]
    (outcome,) = found
    return outcome, pool


def test_a_worker_makes_what_one_process_makes(tmp_path: Path) -> None:
    options = options_of(smooth_pictures(tmp_path / "photos", FILES, SIZE))
    outcome, pool = run(options, tmp_path / "rows")
    assert not isinstance(outcome, GeedError)
    assert outcome[0].digest == audit_together(networks(), GROUPS, options)[0].digest
    assert len(pool.opened) == len(set(pool.opened)) == SAMPLES
    assert not list((tmp_path / "rows").rglob("*.rows"))


def test_pictures_that_no_worker_survives_are_left_out_and_replaced(tmp_path: Path) -> None:
    """One of the first tile, one of the last, and the first that is drawn in place of these.

    The values are those of an audit by one process in which the three are no pictures.
    """
    photos = smooth_pictures(tmp_path / "photos", FILES, SIZE)
    options = options_of(photos)
    order = in_draw_order(options.data.root.paths, options.data.seed)
    deadly = frozenset({order[2], order[SAMPLES - 1], order[SAMPLES]})
    outcome, _ = run(options, tmp_path / "rows", deadly)
    assert not isinstance(outcome, GeedError)
    (result,) = outcome
    assert {item.path for item in result.data.refused} == deadly
    assert {item.reason for item in result.data.refused} == {"no worker survived it: killed"}
    drawn = [path for path in order if path not in deadly][:SAMPLES]
    assert {image.path for image in result.data.images} == set(drawn)
    for path in deadly:
        (photos / path).write_bytes(b"no picture")
    skipping = options_of(photos)
    skipping = replace(skipping, data=replace(skipping.data, on_bad_image="skip"))
    alone = audit_together(networks(), GROUPS, skipping)[0]
    assert [image.path for image in alone.data.images] == [image.path for image in result.data.images]
    for entry, other in zip(result.results, alone.results, strict=True):
        assert (entry.metric, entry.group, entry.layer) == (other.metric, other.group, other.layer)
        if entry.raw is not None:  # batches have other neighbours, which is a matter of rounding
            assert entry.raw == pytest.approx(other.raw, rel=1e-4, abs=1e-6)


def test_rows_of_a_picture_that_was_replaced_are_not_gone_on_from(tmp_path: Path) -> None:
    """A run that ended in the middle left them, and they would be found by the name of the picture."""
    photos, rows = smooth_pictures(tmp_path / "photos", FILES, SIZE), tmp_path / "rows"
    options = options_of(photos)
    cell = CellRun("cell", networks, networks, GROUPS, options, rows, Silent())
    scheduler, supervisor, pool = begun(cell)
    for _ in drive(scheduler, pool, supervisor):
        if pool.opened:
            break
    cell.close()
    Image.new("RGB", (SIZE, SIZE), "red").save(photos / pool.opened[0])
    outcome, _ = run(options, rows)
    assert isinstance(outcome, InputError)
    assert outcome.found == f"1 picture changed since rows were made: {pool.opened[0]}"


@pytest.mark.heavy
def test_equal_audits_at_once_do_not_take_each_others_rows(tmp_path: Path) -> None:
    """One begins while the other is at it, is through first, and clears its rows: as equal cells of one sweep."""
    options = options_of(smooth_pictures(tmp_path / "photos", FEW, SIZE), FEW)
    rows = tmp_path / "rows"
    cell = CellRun("cell", networks, networks, GROUPS, options, rows, Silent())
    scheduler, supervisor, pool = begun(cell)
    found: list[Outcome] = []
    for number, _ in enumerate(drive(scheduler, pool, supervisor)):
        if number == 1:
            other, others = run(options, rows)
            assert len(others.opened) == FEW
        found += [outcome for _, outcome in supervisor.ended()]
    assert not isinstance(other, GeedError)
    assert not isinstance(found[0], GeedError)
    assert found[0][0].digest == other[0].digest
    assert len(pool.opened) == FEW, "nothing was made a second time"
    assert [each.name for each in rows.iterdir()] == [".lock"]


def test_rows_that_are_taken_away_meanwhile_end_the_audit(tmp_path: Path) -> None:
    options = options_of(smooth_pictures(tmp_path / "photos", FILES, SIZE))
    cell = CellRun("cell", networks, networks, GROUPS, options, tmp_path / "rows", Silent())
    scheduler, supervisor, pool = begun(cell)
    found: list[Outcome] = []
    for _ in drive(scheduler, pool, supervisor):
        if list((tmp_path / "rows").rglob("*.rows")):
            shutil.rmtree(tmp_path / "rows")
        found += [outcome for _, outcome in supervisor.ended()]
    assert isinstance(found[0], RunError)
    assert "are gone" in str(found[0])


class Hungry(SmallConvNet):
    """Has room for so many pictures at once; plain ones, by which shapes are traced, cost nothing."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if len(x) > self.room and len(x.unique()) > 2:
            torch.empty(2**50, dtype=torch.uint8)  # a petabyte, which torch refuses
        return super().forward(x)


def hungry(room: int) -> list[Network]:
    torch.manual_seed(0)
    return [network_of(Hungry(room), features=Site("fc", "input"), layers=("block1",))]


@pytest.mark.heavy
def test_where_memory_runs_out_it_starts_over_in_half_the_batch(tmp_path: Path) -> None:
    """8, 4, then 2 rows, as one process; the error comes back from another process with its batch size."""
    options = options_of(smooth_pictures(tmp_path / "photos", FEW, SIZE), FEW)
    outcome, _ = run(options, tmp_path / "rows", load=partial(hungry, 3))
    assert not isinstance(outcome, GeedError)
    assert outcome[0].settings.batch_size == 2
    assert outcome[0].digest == audit_together(hungry(3), GROUPS, options)[0].digest
    none, _ = run(options, tmp_path / "rows", load=partial(hungry, 0))
    assert isinstance(none, OutOfMemoryError)
    assert (none.batch_size, pickle.loads(pickle.dumps(none)).batch_size) == (1, 1)
    assert "a smaller --img-size" in str(none)
    assert [each.name for each in (tmp_path / "rows").iterdir()] == [".lock"]


@pytest.mark.heavy
def test_networks_are_loaded_when_their_audit_begins_and_let_go_of(tmp_path: Path) -> None:
    """The process that asks has one audit's at a time, for what is to be made and for its results."""
    options = options_of(smooth_pictures(tmp_path / "photos", FEW, SIZE), FEW)
    loaded: list[weakref.ref[torch.nn.Module]] = []

    def here() -> list[Network]:
        gc.collect()
        assert [each() for each in loaded] == [None] * len(loaded)
        made = networks()
        loaded.append(weakref.ref(made[0].module))
        return made

    names = ("a", "b")
    cells = [CellRun(name, networks, here, ["flip"], options, tmp_path / "rows", Silent()) for name in names]
    scheduler = Scheduler()
    supervisor = Supervisor(cells, scheduler, Silent())
    for number, cell in enumerate(cells):
        assert len(loaded) == 2 * number
        assert supervisor.begin_next()
        assert len(loaded) == 2 * number + 1
        found: list[Outcome] = []
        for _ in drive(scheduler, OwnPool(cell, frozenset(), str(number)), supervisor):
            found += [outcome for _, outcome in supervisor.ended()]
        assert not isinstance(found[0], GeedError)
    assert not supervisor.begin_next()


def test_relative_paths_are_those_of_the_process_that_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker of a cluster that was there before runs in another folder; where the asking one's is, it goes there."""
    smooth_pictures(tmp_path / "photos", FEW, SIZE)
    monkeypatch.chdir(tmp_path)
    cell = CellRun(
        "cell", networks, networks, ["flip"], options_of(Path("photos"), FEW), tmp_path / "rows", Silent()
    )
    begun(cell)
    job, task = cell.job(), cell.task(Piece(cell.key, 0, 0, FEW))
    cell.close()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    worker = Worker()
    assert worker.make("cell", lambda: job, task).kind == "made"
    worker.close()
    assert Path.cwd() == tmp_path / "elsewhere"


def test_a_worker_that_has_something_else_refuses(tmp_path: Path) -> None:
    options = options_of(smooth_pictures(tmp_path / "photos", FILES, SIZE))
    job = TileJob(networks, GROUPS, options, {"weights": "others"})
    answer = Worker().make("cell", lambda: job, TileTask())
    assert answer.kind == "refused"
    assert answer.error is not None
    assert answer.error.found.startswith("a worker has something else: ")


def test_a_picture_that_is_none_ends_the_audit_with_its_name(tmp_path: Path) -> None:
    photos = smooth_pictures(tmp_path / "photos", FILES, SIZE)
    options = options_of(photos)
    broken = in_draw_order(options.data.root.paths, options.data.seed)[20]
    (photos / broken).write_bytes(b"no picture")
    outcome, _ = run(options_of(photos), tmp_path / "rows")
    assert isinstance(outcome, InputError)
    assert broken in str(outcome)
    assert not list((tmp_path / "rows").rglob("*.rows"))


@given(st.lists(st.integers(1, 50), min_size=1, max_size=8), st.data())
def test_parts_of_tasks_have_the_pictures_that_their_places_say(
    sizes: list[int], data: st.DataObject
) -> None:
    """Places count through the tiles of a task, against the order itself."""
    tiles, start = [], 0
    for size in sizes:
        tiles.append(Tile(start, start + size))
        start += size
    order = [f"{number}.png" for number in range(start)]
    pieces = pieces_of(tiles, order)
    assert [path for images in pieces for path in images.files] == order
    images: Images = data.draw(st.sampled_from(pieces))
    begin = data.draw(st.integers(0, images.count - 1))
    stop = data.draw(st.integers(begin + 1, images.count))
    task = images.task(Piece("cell", 0, begin, stop, trial=True), {})
    assert [path for tile in task.tiles for path in order[tile.start : tile.stop]] == list(
        images.files[begin:stop]
    )
