"""Prefetching changes when work is done and nothing else."""

import os
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from geed_cli.images.prefetch import LEAST_URGENT, prefetch


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("depth", [1, 3, 100])
def test_results_come_in_order(workers: int, depth: int) -> None:
    """Also when later items finish first."""

    def slow_for_even(number: int) -> int:
        time.sleep(0.002 * (number % 2 == 0))
        return number * number

    results = list(prefetch(slow_for_even, range(20), workers=workers, depth=depth))
    assert results == [number * number for number in range(20)]


def test_no_more_than_depth_items_are_taken_ahead() -> None:
    """After k results the source has given at most k + depth items, however slow the consumer."""
    taken: list[int] = []

    def source() -> Iterator[int]:
        for number in range(50):
            taken.append(number)
            yield number

    results = prefetch(abs, source(), workers=4, depth=5)
    assert taken == []
    for count in range(1, 11):
        next(results)
        assert len(taken) <= count + 5
    results.close()
    assert len(taken) <= 15


def test_work_really_happens_ahead() -> None:
    """While the consumer holds the first result, the second is computed."""
    second = threading.Event()
    results = prefetch(lambda number: second.set() if number == 1 else None, range(2), workers=1, depth=2)
    next(results)
    # Generous, since it bounds only the failing case: a working prefetch sets it within a millisecond.
    assert second.wait(timeout=10)
    results.close()


def test_an_exception_is_raised_in_its_turn_and_ends_the_threads() -> None:
    """Results before it arrive; afterwards no thread is left."""
    results = prefetch(lambda number: 6 // number, [3, 2, 0, 1], workers=2, depth=4)
    assert next(results) == 2
    assert next(results) == 3
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert leftovers() == []
    assert list(results) == []


def test_closing_early_drops_the_rest_and_ends_the_threads() -> None:
    """A consumer that stops does not wait for the whole list."""
    done: list[int] = []

    def note(number: int) -> None:
        time.sleep(0.01)
        done.append(number)

    results = prefetch(note, range(1000), workers=2, depth=50)
    next(results)
    results.close()
    assert leftovers() == []
    assert len(done) < 50


def test_nothing_comes_of_nothing() -> None:
    """No items, no results, no threads."""
    assert list(prefetch(abs, [], workers=2, depth=2)) == []
    assert leftovers() == []


def leftovers() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("geed-decode")]


@pytest.mark.skipif(sys.platform != "linux", reason="threads have priorities of their own on Linux alone")
def test_work_done_ahead_gives_way() -> None:
    """The threads have the least urgent priority, and the caller's stays."""

    def priority(_: int = 0) -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    before = priority()
    assert set(prefetch(priority, range(8), workers=2, depth=4)) == {LEAST_URGENT}
    assert priority() == before
