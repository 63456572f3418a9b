"""The kernel under the compiler's address and undefined-behaviour sanitizers, with any shape, layout and number."""

import os
import subprocess
from pathlib import Path

import pytest

from benchmarks.package_kernel import FLAGS, compiler
from geed_cli.kernel.library import SOURCE

DRIVER = Path(__file__).with_name("fuzz_map_sums.c")
SANITIZERS = (
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover=all",
    "-g",
    "-Wall",
    "-Wextra",
    "-Werror",
)
ROUNDS = 3000


def built(tmp_path: Path, *flags: str) -> Path | None:
    """The fuzzer; None where this compiler has no sanitizers."""
    command = compiler(os.environ)
    if command is None:
        pytest.skip("no C compiler")
    fuzzer = tmp_path / "fuzzer"
    own = [flag for flag in FLAGS if flag != "-shared"]
    words = [*command, *own, *flags, f"-I{SOURCE.parent}", str(DRIVER), "-o", str(fuzzer), "-lm"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode and "sanitize" in done.stderr:
        return None
    assert done.returncode == 0, done.stderr
    return fuzzer


@pytest.mark.heavy
def test_nothing_is_read_or_written_beside_maps(tmp_path: Path) -> None:
    fuzzer = built(tmp_path, *SANITIZERS)
    if fuzzer is None:
        pytest.skip("this compiler has no sanitizers")
    done = subprocess.run([fuzzer, str(ROUNDS)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"{ROUNDS} rounds\n"), done.stderr
