"""The inference rate that timm's own ``benchmark.py`` measures, from a copy of the script that the user has.

The script is at the root of timm's repository and in no package. It prints ``--result`` and then one JSON object.
Facts that its options depend on: versions before ``--device`` always run on CUDA, and where a batch does not fit, or
anything else fails, it tries smaller ones by itself. TF32 is taken from it, since an audit in fp32 has none either.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geed_cli.pipeline.options import Precision

PRECISIONS: dict[Precision, str] = {"fp32": "float32", "bf16": "bfloat16"}
"""What the precisions of an audit are called in the script: the network and its input are cast, as in an audit."""
MARK = "--result"
RATE = "infer_samples_per_sec"
NO_TF32 = {"NVIDIA_TF32_OVERRIDE": "0"}
"""NVIDIA's libraries read it when they are loaded; what a program asks for afterwards does not matter."""


class ScriptError(Exception):
    """The script does not run as it was asked to; the message says why."""


@dataclass(frozen=True)
class Asked:
    """What the script is to measure.

    Attributes:
        model: as timm calls it.
        batch: rows of a batch.
        size: side of the square input.
        precision: one of ``PRECISIONS``.
        device: as torch calls it.
        iterations: batches that are timed, at least 5; a quarter as many come before and are not.
    """

    model: str
    batch: int
    size: int
    precision: Precision
    device: str
    iterations: int = 40

    def options(self, script: str) -> list[str]:
        """The script's options.

        Args:
            script: its text.

        Raises:
            ScriptError: it is too old to run on this device.
        """
        device = ["--device", self.device] if '"--device"' in script or "'--device'" in script else []
        if not device and self.device != "cuda":
            raise ScriptError(
                f"this version of the script has no --device, so it cannot run on {self.device}"
            )
        return [
            *("--bench", "inference", "--model", self.model, "--channels-last", *device),
            *("--batch-size", str(self.batch), "--img-size", str(self.size)),
            *("--precision", PRECISIONS[self.precision]),
            *("--num-bench-iter", str(self.iterations), "--num-warm-iter", str(-(-self.iterations // 4))),
        ]


def script_rate(path: Path, asked: Asked, *, tf32: bool = False) -> float:
    """Inputs per second by the script, in a process of its own.

    Args:
        path: of the script.
        asked: the settings.
        tf32: whether it may round float32 products, as it does when it is left alone.

    Raises:
        ScriptError: it failed, or ran something else than was asked for.
    """
    options = asked.options(path.read_text(encoding="utf-8"))
    environment = {**os.environ, **({} if tf32 else NO_TF32)}
    done = subprocess.run(
        [sys.executable, str(path), *options],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env=environment,
    )
    if done.returncode:
        raise ScriptError(f"{path.name} failed: {last_line(done.stderr)}")
    return rate_in(done.stdout, asked)


def rate_in(said: str, asked: Asked) -> float:
    """The rate in what the script printed.

    Raises:
        ScriptError: there is none, or it is that of another batch or input size.
    """
    _, mark, text = said.rpartition(MARK)
    try:
        found: dict[str, Any] = json.loads(text)
    except ValueError:
        raise ScriptError("the script printed no result") from None
    if not mark or RATE not in found:
        raise ScriptError(f"the script measured nothing: {found.get('error', 'no rate in its result')}")
    for name, wanted in (("infer_batch_size", asked.batch), ("infer_img_size", asked.size)):
        if found[name] != wanted:
            raise ScriptError(f"the script ran with {name} {found[name]} where {wanted} was asked for")
    return float(found[RATE])


def last_line(text: str) -> str:
    """What an error ends with."""
    return (text.strip().splitlines() or ["it said nothing"])[-1]
