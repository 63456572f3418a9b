"""Mutated files of every kind: no code runs, nothing but refusals is raised, nothing is taken for what it is not.

The slow run writes the counts that docs/security.md publishes:

    python -m pytest tests/hostile/test_fuzz.py --run-slow -s
"""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from support.results import small_result

from geed_cli.result.file import write_result

HERE = Path(__file__).parent
KINDS = 7
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks and limits as Linux has them")


def fuzz(folder: Path, first: int, count: int) -> list[dict[str, object]]:
    """``count`` cases of each kind in the worker."""
    sound = folder / "sound.json"
    write_result(small_result(count=6), sound)
    paths = [str(HERE.parents[1]), str(HERE), str(HERE.parent)]
    done = subprocess.run(
        [sys.executable, str(HERE / "fuzz_worker.py"), str(sound), str(first), str(count)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def require_safe(cases: list[dict[str, object]], count: int) -> None:
    """All cases ran; no code, no tracebacks, no silent changes; and the mutations did reach the inside."""
    assert Counter(case["kind"] for case in cases) == dict.fromkeys({case["kind"] for case in cases}, count)
    assert len(cases) == KINDS * count
    assert [case for case in cases if case["code"]] == []
    assert [case for case in cases if case["outcome"] == "crash"] == []
    assert [case for case in cases if case["outcome"] == "different"] == []
    for kind in {case["kind"] for case in cases}:
        outcomes = Counter(case["outcome"] for case in cases if case["kind"] == kind)
        assert outcomes["refused"] > count / 4, (
            kind,
            outcomes,
        )  # a fuzzer that changes nothing proves nothing


def table(cases: list[dict[str, object]]) -> str:
    """The counts as markdown."""
    rows = ["| kind | cases | refused | accepted, same | accepted, other | code | tracebacks | silent |"]
    rows += ["|---|---:|---:|---:|---:|---:|---:|---:|"]
    for kind in dict.fromkeys(str(case["kind"]) for case in cases):
        mine = [case for case in cases if case["kind"] == kind]
        found = Counter(str(case["outcome"]) for case in mine)
        rows.append(
            f"| {kind} | {len(mine)} | {found['refused']} | {found['same'] + found['unchanged']} | "
            f"{found['different, noted']} | {sum(bool(case['code']) for case in mine)} | {found['crash']} | "
            f"{found['different']} |"
        )
    return "\n".join(rows)


@pytest.mark.heavy
def test_the_first_mutations(tmp_path: Path) -> None:
    """The first cases of each of seven kinds."""
    require_safe(fuzz(tmp_path, 0, 15), 15)


@pytest.mark.slow
def test_thousands_of_mutations(tmp_path: Path) -> None:
    """The counts in docs/security.md, from seeds that the fast run does not use."""
    cases = fuzz(tmp_path, 1_000_000, 2000)
    print("\n" + table(cases))
    require_safe(cases, 2000)
