"""An audit whose tiles are made by workers that die over some pictures: no cluster, but the code that runs on one."""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from support.networks import small_conv_net
from support.pictures import smooth_pictures

from geed_cli.cluster.cell_run import CellRun
from geed_cli.cluster.supervisor import Outcome, Supervisor
from geed_cli.cluster.tile_job import TileJob, TileTask
from geed_cli.cluster.tile_pieces import Images, pieces_of
from geed_cli.cluster.worker import Worker
from geed_cli.errors import GeedError, InputError
from geed_cli.images.selection import in_draw_order
from geed_cli.models.network import Network
from geed_cli.pipeline.audit import audit_together
from geed_cli.pipeline.draw import listed
from geed_cli.pipeline.options import AuditOptions, ControlOptions, DataOptions, RunOptions
from geed_cli.pipeline.progress import Silent
from geed_cli.pipeline.shards.tile import Tile
from geed_cli.scheduling.drive import drive
from geed_cli.scheduling.piece import Lease, Piece
from geed_cli.scheduling.pool import Came, Ended, Event, Gone, Made, Refused
from geed_cli.scheduling.scheduler import Scheduler

SIZE, FILES, SAMPLES = 16, 44, 40
GROUPS = ["flip", "c3"]


def networks() -> list[Network]:
    return [small_conv_net(size=SIZE)]


def options_of(folder: Path) -> AuditOptions:
    options = AuditOptions(
        DataOptions(folder, samples=SAMPLES), run=RunOptions("cpu", 8), controls=ControlOptions(probes=6)
    )
    return replace(options, data=listed(options.data))


class OwnPool:
    """One worker of this process after the other, each of which dies over the deadly pictures.

    Args:
        cell: the audit.
        deadly: names of pictures.
    """

    def __init__(self, cell: CellRun, deadly: frozenset[str]) -> None:
        self._cell, self._deadly = cell, deadly
        self._leases: deque[Lease] = deque()
        self._worker, self._number = Worker(), 0
        self._events: list[Event] = [Came("0")]
        self.opened: list[str] = []

    def begin(self, lease: Lease) -> None:
        self._leases.append(lease)

    def withdraw(self, lease: Lease) -> None:
        raise AssertionError(f"there is one worker, and {lease} is its own")

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
        answer = self._worker.make("cell", self._cell.job, task)
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


def run(options: AuditOptions, rows: Path, deadly: frozenset[str] = frozenset()) -> tuple[Outcome, OwnPool]:
    cell = CellRun("cell", networks, networks, GROUPS, options, rows, Silent())
    scheduler = Scheduler([cell.begin()])
    supervisor, pool = Supervisor([cell], scheduler, Silent()), OwnPool(cell, deadly)
    found: list[Outcome] = []
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
    scheduler, pool = Scheduler([cell.begin()]), OwnPool(cell, frozenset())
    for _ in drive(scheduler, pool, Supervisor([cell], scheduler, Silent())):
        if pool.opened:
            break
    cell.close()
    Image.new("RGB", (SIZE, SIZE), "red").save(photos / pool.opened[0])
    with pytest.raises(InputError, match=f"1 picture changed since rows were made: {pool.opened[0]}"):
        run(options, rows)


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
