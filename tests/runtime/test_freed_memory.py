"""Freed memory stays while networks run and goes back after; page faults are counted by the system."""

import os
import subprocess
import sys

import pytest

CHURN = """
import os, resource, sys
from geed_cli.runtime.freed_memory import freed_memory_kept
from geed_cli.runtime.own_process import own_process

PAGE = resource.getpagesize()

def faults_of_rounds():
    '''Page faults of five rounds that write 48 and 8 MiB blocks and free them, after one that is not counted.'''
    for number in range(6):
        if number == 1:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        blocks = [bytearray(size * 2**20) for size in (48, 8, 48)]
        for block in blocks:
            block[::PAGE] = bytes(len(block) // PAGE)
        del blocks, block
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

def resident():
    with open('/proc/self/statm') as file:
        return int(file.read().split()[1]) * PAGE // 2**20

start = resident()
outside = faults_of_rounds()
with own_process(), freed_memory_kept():
    inside, kept = faults_of_rounds(), resident() - start
again, after = faults_of_rounds(), resident() - start
print(outside, inside, again, kept, after)
"""


def churn(**environment: str) -> list[int]:
    """Faults before, within and after, then MiB held within and after, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", CHURN],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return [int(number) for number in done.stdout.split()]


glibc = pytest.mark.skipif(sys.platform != "linux", reason="mallopt is glibc's")


@glibc
def test_a_second_batch_finds_the_memory_of_the_first() -> None:
    """104 MiB written five times are 133,120 pages of 4 KiB; none of them is fetched anew. After, all are again."""
    outside, inside, again, kept, after = churn()
    assert inside < 100 < outside
    assert again == pytest.approx(outside, rel=0.1)
    assert kept > 100
    assert after < 20


@pytest.mark.heavy
@glibc
@pytest.mark.parametrize(
    "chosen",
    [
        {"MALLOC_TRIM_THRESHOLD_": "131072"},
        {"GLIBC_TUNABLES": "glibc.malloc.mmap_max=10"},
    ],
)
def test_limits_that_a_user_has_set_stay(chosen: dict[str, str]) -> None:
    """As many faults within as without."""
    outside, inside, *_ = churn(**chosen)
    assert inside == pytest.approx(outside, rel=0.1)
