"""How many threads decode."""

import os

import pytest

from geed_cli.images.prefetch import decoding_workers, usable_cores


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="Linux's own call")
def test_cores_are_those_that_the_process_may_use() -> None:
    """Not those of the machine: confined to one core there is one, and one decoding thread."""
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert usable_cores() == decoding_workers() == 1
    finally:
        os.sched_setaffinity(0, allowed)
    assert usable_cores() == len(allowed)


def test_there_are_never_more_than_asked_for() -> None:
    """A limit of one is one, and no limit is beyond the cores."""
    assert decoding_workers(1) == 1
    assert decoding_workers(10_000) == usable_cores()
