"""The scheduler under a simulated clock: nothing is lost, nothing counts twice, and the time is what theory allows."""

from collections.abc import Iterator
from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.simulated_cluster import SimulatedCluster, Weather

from geed_cli.scheduling.patience import Patience
from geed_cli.scheduling.piece import Cell
from geed_cli.scheduling.scheduler import Scheduler

TILE = 16
IMAGE_S = 0.5
TILE_S = TILE * IMAGE_S
SLOW = Patience().slow


def cell(name: str, tiles: int, size: int = TILE) -> Cell:
    return Cell(name, ((number, size) for number in range(tiles)), tiles * size)


def images_of(name: str, tiles: int, size: int = TILE) -> set[tuple[str, int, int]]:
    return {(name, tile, place) for tile in range(tiles) for place in range(size)}


def efficiency_floor(cluster: SimulatedCluster, scheduler: Scheduler, workers: int, load_s: float) -> float:
    """What of the workers' time is work that was kept, at least.

    Lost are: the stalls; a load of each worker that ever came; for each death at most the piece that the worker was
    at; and at the end, when no piece is left that nobody has, the time of all workers until the last is through. That
    end is no longer than ``slow`` usual times until a copy is made of what is late, one for the copy, and one since
    the piece may have waited behind another.
    """
    counts = scheduler.counts
    lost = cluster.stalled_s + counts.workers * load_s + counts.deaths * TILE_S
    return 1 - (lost + workers * (SLOW + 2) * TILE_S) / cluster.capacity_s


@pytest.mark.parametrize(
    ("workers", "tiles", "seed"),
    [(100, 2_000, 0), *[pytest.param(1_000, 40_000, seed, marks=pytest.mark.heavy) for seed in range(3)]],
)
def test_a_storm_loses_nothing_and_counts_nothing_twice(workers: int, tiles: int, seed: int) -> None:
    """Workers that are preempted, stall, or are ten times as slow, and three images that none survives."""
    poison = frozenset({("a", 7, 3), ("a", 9, 0), ("a", 9, 15)})
    weather = Weather(load_s=20, mean_life_s=600, restart_s=5, slow=0.02, stall=0.005, poison=poison)
    scheduler = Scheduler([cell("a", tiles)])
    cluster = SimulatedCluster(scheduler, {"a": IMAGE_S}, workers, weather, seed=seed)
    cluster.run()
    assert {(lost.cell, lost.tile, lost.place) for lost in scheduler.lost} == poison
    assert cluster.rows == dict.fromkeys(images_of("a", tiles) - poison, 1)
    assert scheduler.counts.images == len(cluster.rows)
    efficiency = cluster.made_s / cluster.capacity_s
    floor = efficiency_floor(cluster, scheduler, workers, weather.load_s)
    print(f"{workers} workers, {scheduler.counts.deaths} deaths: efficiency {efficiency:.3f} ≥ {floor:.3f}")
    assert 0.5 < floor <= efficiency


def test_equal_workers_without_trouble_are_never_idle() -> None:
    """200 workers, 1,200 tiles: 20 s of loading and 6 tiles each, which is the least time that there can be."""
    scheduler = Scheduler([cell("a", 1_200)])
    cluster = SimulatedCluster(scheduler, {"a": IMAGE_S}, 200, Weather(load_s=20))
    cluster.run()
    assert cluster.now == 20 + 6 * TILE_S
    assert cluster.made_s / cluster.capacity_s == 6 * TILE_S / (20 + 6 * TILE_S)
    assert scheduler.counts.copies == scheduler.counts.duplicates == 0


def test_a_poisonous_image_costs_what_the_bounds_say() -> None:
    """Two workers for the tile, one for each halving of more than one image, three for the image, no more."""
    scheduler = Scheduler([cell("a", 4)])
    cluster = SimulatedCluster(scheduler, {"a": IMAGE_S}, 3, Weather(poison=frozenset({("a", 2, 5)})))
    cluster.run()
    assert [(lost.tile, lost.place, lost.reason) for lost in scheduler.lost] == [(2, 5, "killed")]
    assert scheduler.counts.deaths == 2 + (log2(TILE) - 1) + 3
    assert cluster.rows == dict.fromkeys(images_of("a", 4) - {("a", 2, 5)}, 1)


@pytest.mark.parametrize("workers", [1, 5])
def test_an_image_that_workers_are_never_done_with_is_left_out(workers: int) -> None:
    """Each round of a deadly image takes as long as a worker may hang, and again where a copy was begun last."""
    scheduler = Scheduler([cell("a", 40)])
    weather = Weather(load_s=20, restart_s=5, hang=frozenset({("a", 20, 5)}))
    cluster = SimulatedCluster(scheduler, {"a": IMAGE_S}, workers, weather)
    cluster.run(until=lambda: cluster.now > 20_000)
    assert [(lost.tile, lost.place, lost.reason) for lost in scheduler.lost] == [(20, 5, "hung")]
    assert cluster.rows == dict.fromkeys(images_of("a", 40) - {("a", 20, 5)}, 1)
    rounds = 2 + (log2(TILE) - 1) + 3
    work = (40 + 2) * TILE_S + (rounds + 1) * (weather.load_s + 5)
    assert cluster.now <= 2 * rounds * (Patience().hung_s + 1) + work


def test_a_first_piece_may_take_as_long_as_it_will() -> None:
    """Nobody knows how long one of its cell takes."""
    scheduler = Scheduler([cell("a", 2)])
    SimulatedCluster(scheduler, {"a": 10_000.0}, 1, Weather(), poll_s=100).run()
    assert scheduler.counts.deaths == 0
    assert scheduler.counts.images == 2 * TILE


@pytest.mark.parametrize("seed", range(3))
def test_workers_that_die_all_the_time_cost_no_image(seed: int) -> None:
    """A worker lives for two tiles on average, and so dies over four in ten; one image is deadly by itself."""
    scheduler = Scheduler([cell("a", 200)])
    poison = frozenset({("a", 7, 3)})
    cluster = SimulatedCluster(
        scheduler, {"a": IMAGE_S}, 10, Weather(mean_life_s=2 * TILE_S, poison=poison), seed=seed
    )
    cluster.run()
    assert scheduler.counts.deaths > 80
    assert {(lost.cell, lost.tile, lost.place) for lost in scheduler.lost} == poison
    assert cluster.rows == dict.fromkeys(images_of("a", 200) - poison, 1)


def test_a_tile_that_is_deadly_only_as_a_whole_is_given_up() -> None:
    """Its parts are innocent one by one, as where a whole tile has no room: every image of it is lost, once."""
    scheduler = Scheduler([cell("a", 2, 2)])
    now, deaths = 0.0, 0
    scheduler.join("0")
    while not scheduler.over:
        for lease in scheduler.assign(now):
            if lease.piece.tile == 1 and lease.piece.images == 2:
                scheduler.leave(lease.worker, "no room")
                deaths += 1
                scheduler.join(str(deaths))
                break
            scheduler.done(lease.number, now)
        now += 1
    assert [(lost.tile, lost.place) for lost in scheduler.lost] == [(1, 0), (1, 1)]
    assert (scheduler.counts.images, deaths) == (2, 4)


def test_a_piece_that_a_worker_was_lost_over_is_all_that_its_next_worker_has() -> None:
    """A worker did its first piece and died over the second, and the first answer was lost with it."""
    scheduler = Scheduler([cell("a", 6)])
    scheduler.join("first")
    innocent, deadly = scheduler.assign(0.0)
    scheduler.leave("first", "died")
    scheduler.join("second")
    (again,) = scheduler.assign(1.0)  # and nothing behind it, for the innocent one is suspected
    assert again.piece == deadly.piece
    scheduler.leave("second", "died")
    scheduler.join("third")
    scheduler.join("fourth")
    suspects = scheduler.assign(2.0)
    assert [(lease.worker, lease.piece) for lease in suspects] == [
        ("third", deadly.piece),
        ("fourth", innocent.piece),
    ]
    assert scheduler.done(suspects[1].number, 10.0)
    assert [lease.worker for lease in scheduler.assign(10.0)] == ["fourth", "fourth"]


def test_a_late_piece_is_copied_and_the_first_to_finish_counts() -> None:
    """Three tiles, of which a slow worker has two: the other does both, once it is idle."""
    scheduler = Scheduler([cell("a", 3)])
    for worker in ("slow", "fast"):
        scheduler.join(worker)
    slow, fast, waiting = scheduler.assign(0.0)
    assert (slow.worker, fast.worker, waiting.worker) == ("slow", "fast", "slow")
    assert scheduler.done(fast.number, 8.0)
    (copy,) = scheduler.assign(8.0)  # what waits behind the slow one's piece is late at once
    assert (copy.worker, copy.piece) == ("fast", waiting.piece)
    assert scheduler.done(copy.number, 16.0)
    assert scheduler.unneeded() == [waiting]
    scheduler.dropped(waiting.number, 16.0)
    (copy,) = scheduler.assign(16.0)
    assert (copy.worker, copy.piece) == ("fast", slow.piece)
    assert scheduler.done(copy.number, 24.0)
    assert scheduler.over
    assert not scheduler.done(slow.number, 80.0)
    assert (scheduler.counts.images, scheduler.counts.copies, scheduler.counts.duplicates) == (48, 2, 1)


def test_a_piece_is_late_after_one_and_a_half_usual_times() -> None:
    scheduler = Scheduler([cell("a", 2)])
    scheduler.join("one")
    scheduler.join("other")
    one, other = scheduler.assign(0.0)
    scheduler.done(other.number, 8.0)
    assert not scheduler.assign(SLOW * 8)
    (copy,) = scheduler.assign(SLOW * 8 + 0.1)
    assert (copy.worker, copy.piece) == ("other", one.piece)
    assert not scheduler.assign(SLOW * 8 + 0.2)


def test_small_cells_leave_no_worker_idle() -> None:
    """Forty cells of one tile to forty on 100 workers: within the bound of list scheduling, and far from one by one."""
    sizes = {f"cell-{number}": number for number in range(1, 41)}
    scheduler = Scheduler([cell(name, tiles) for name, tiles in sizes.items()])
    cluster = SimulatedCluster(scheduler, dict.fromkeys(sizes, IMAGE_S), 100, Weather(load_s=4))
    cluster.run()
    assert set(cluster.rows) == set.union(*[images_of(name, tiles) for name, tiles in sizes.items()])
    work = sum(sizes.values()) * TILE_S / 100
    assert cluster.now <= work + 2 * (TILE_S + 4) + 1
    assert cluster.now < sum(TILE_S + 4 for _ in sizes) / 3, (
        "one cell after the other takes a tile's time each"
    )


def test_a_network_that_cannot_be_loaded_fails_alone() -> None:
    weather = Weather(load_s=1, refused={"bad": lambda _: True})
    scheduler = Scheduler([cell("bad", 50), cell("good", 50)])
    cluster = SimulatedCluster(scheduler, {"bad": IMAGE_S, "good": IMAGE_S}, 20, weather)
    cluster.run()
    assert scheduler.failed == {"bad": "cannot be loaded"}
    assert cluster.rows == dict.fromkeys(images_of("good", 50), 1)


def test_one_machine_that_lacks_a_network_does_not_fail_it() -> None:
    weather = Weather(load_s=1, refused={"a": lambda number: number == 0})
    scheduler = Scheduler([cell("a", 50), cell("b", 50)])
    cluster = SimulatedCluster(scheduler, {"a": IMAGE_S, "b": IMAGE_S}, 2, weather)
    cluster.run()
    assert not scheduler.failed
    assert cluster.rows == dict.fromkeys(images_of("a", 50) | images_of("b", 50), 1)


def test_a_network_that_no_worker_survives_fails_alone_and_soon() -> None:
    """Every image of it kills: it fails with the third that is given up, and the other cell is done."""
    poison = frozenset(images_of("bad", 1_000))
    scheduler = Scheduler([cell("bad", 1_000), cell("good", 50)])
    cluster = SimulatedCluster(scheduler, {"bad": IMAGE_S, "good": IMAGE_S}, 4, Weather(poison=poison))
    cluster.run()
    assert scheduler.failed == {"bad": "killed"}
    assert cluster.rows == dict.fromkeys(images_of("good", 50), 1)
    assert scheduler.counts.deaths <= 4 * (2 + (log2(TILE) - 1) + 3 * 3)


def test_no_more_is_given_out_or_read_than_workers_can_have() -> None:
    read = 0

    def tiles() -> Iterator[tuple[int, int]]:
        nonlocal read
        for read in range(1_000):
            yield read, TILE

    scheduler = Scheduler([Cell("a", tiles(), 1_000 * TILE)])
    cluster = SimulatedCluster(scheduler, {"a": IMAGE_S}, 10, Weather())
    ahead = Patience().ahead

    def at_most_ahead() -> bool:
        assert read + 1 <= scheduler.counts.images / TILE + 10 * ahead + 1
        return False

    cluster.run(at_most_ahead)
    assert cluster.most_out == ahead
    assert read == 999


def test_a_drained_run_keeps_what_was_begun_and_begins_nothing() -> None:
    scheduler = Scheduler([cell("a", 100)])
    cluster = SimulatedCluster(scheduler, {"a": IMAGE_S}, 10, Weather())
    cluster.run(lambda: cluster.now >= 2.5 * TILE_S)
    scheduler.drain()
    cluster.run()
    assert cluster.now == 3 * TILE_S
    assert scheduler.counts.images == len(cluster.rows) == 3 * 10 * TILE


def test_a_cluster_may_grow_from_nothing_and_shrink_to_one() -> None:
    scheduler = Scheduler([cell("a", 40)])
    assert not scheduler.assign(0.0)
    assert not scheduler.over
    cluster = SimulatedCluster(scheduler, {"a": IMAGE_S}, 20, Weather(mean_life_s=20, restart_s=None), seed=3)
    cluster.run(lambda: scheduler.over or cluster.workers <= 1)
    for _ in range(3):
        cluster.come()
    cluster.run()
    assert cluster.rows == dict.fromkeys(images_of("a", 40), 1)


def test_tiles_that_come_later_are_done_like_the_others() -> None:
    """As those that replace images which could not be read."""
    scheduler = Scheduler([cell("a", 3)])
    cluster = SimulatedCluster(scheduler, {"a": IMAGE_S}, 2, Weather())
    cluster.run()
    assert scheduler.is_over("a")
    scheduler.add(Cell("a", [(3, TILE)], TILE))
    assert not scheduler.over
    cluster.run()
    assert cluster.rows == dict.fromkeys(images_of("a", 4), 1)


@given(
    cells=st.lists(st.tuples(st.integers(1, 6), st.integers(1, 9)), min_size=1, max_size=4),
    workers=st.integers(1, 6),
    weather=st.builds(
        Weather,
        load_s=st.sampled_from([0.0, 3.0]),
        mean_life_s=st.sampled_from([None, 20.0, 100.0]),
        restart_s=st.sampled_from([0.0, 4.0]),
        slow=st.sampled_from([0.0, 0.3]),
        stall=st.sampled_from([0.0, 0.2]),
    ),
    poison=st.sets(st.tuples(st.integers(0, 3), st.integers(0, 5), st.integers(0, 8)), max_size=3),
    seed=st.integers(0, 1_000),
)
def test_every_image_has_one_row_or_one_reason(
    cells: list[tuple[int, int]],
    workers: int,
    weather: Weather,
    poison: set[tuple[int, int, int]],
    seed: int,
) -> None:
    """Whatever happens: rows and lost images, which are apart, are all images of the cells that did not fail."""
    names = [f"c{number}" for number in range(len(cells))]
    deadly = frozenset((f"c{number}", tile, place) for number, tile, place in poison)
    every = [images_of(name, *shape) for name, shape in zip(names, cells, strict=True)]
    scheduler = Scheduler([cell(name, *shape) for name, shape in zip(names, cells, strict=True)])
    storm = Weather(**{**vars(weather), "poison": deadly})
    cluster = SimulatedCluster(scheduler, dict.fromkeys(names, 0.1), workers, storm, seed=seed)
    cluster.run()
    lost = [(each.cell, each.tile, each.place) for each in scheduler.lost]
    assert all(count == 1 for count in cluster.rows.values())
    assert len(set(lost)) == len(lost)
    for name, images in zip(names, every, strict=True):
        mine = {image for image in cluster.rows if image[0] == name}
        gone = {image for image in lost if image[0] == name}
        assert not mine & gone
        assert images & deadly <= gone or name in scheduler.failed
        assert mine | gone == images or name in scheduler.failed
    assert scheduler.counts.images == len(cluster.rows)
    assert scheduler.counts.lost == len(lost)
