"""Goal: all measures, all stage layers, one group run at least at 95% of the rate of timm's own ``benchmark.py``.

The script shows one batch that lies ready on the device again and again. Both sides have the same network, input
size, batch size, precision, device and memory format, and TF32 off; the script alone lets cuDNN choose its fastest
kernels by trying them. The audit decodes as many copies of the sample's photographs as keep it busy for a while.

The script is at the root of timm's repository and in no package. It prints ``--result`` and then one JSON object.
Facts that its options depend on: versions before ``--device`` always run on CUDA, and where a batch does not fit, or
anything else fails, it tries smaller ones by itself. TF32 is taken from it, since an audit in fp32 has none either.
"""

import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.speed.audits import ORDERS, Spent, audit_once, options_for, warm_up
from benchmarks.speed.pictures import copy_photographs
from benchmarks.speed.settings import Settings
from benchmarks.speed.timing import in_turns
from benchmarks.table import Line
from geed_cli.models.load import load_model
from geed_cli.models.network import Network
from geed_cli.pipeline.options import AuditOptions, Precision
from geed_cli.pipeline.placement import place

GOAL = 95.0
MOST = 5000
"""Images: statistics, which are not timed here, hold the distances of all pairs."""
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


def timm(settings: Settings) -> Iterator[Line]:
    """Lines for each network, precision and group. Weights are random: speed does not depend on them."""
    with tempfile.TemporaryDirectory() as temporary:
        for model in settings.models:
            for precision in PRECISIONS:
                here = replace(settings, precision=precision)
                try:
                    yield from beside_script(load_model(model, weights="random"), here, Path(temporary))
                except ScriptError as error:
                    yield Line(f"{model} in {precision}: not measured, {error}", "")


def beside_script(network: Network, settings: Settings, folder: Path) -> Iterator[Line]:
    """Each group's audit against the script; as many images as last ``settings.steady`` seconds at its rate."""
    first = options_for(network, settings)
    asked = what_to_ask(network, first, settings)
    script = Path(settings.timm_script)
    rate = script_rate(script, asked)
    warm_up(network, list(ORDERS), options_for(network, settings, images=4))
    for group, order in ORDERS.items():
        images = min(MOST, max(settings.images, math.ceil(rate * settings.steady / order)))
        copy_photographs(folder, images)
        yield from lines_of(network, group, replace_data(first, folder, images), asked, settings)
    if asked.device == "cuda" and settings.precision == "fp32":
        loose = script_rate(script, asked, tf32=True)
        yield Line(
            f"… the script with TF32, as it is when left alone: {network.arch}", f"{loose:.1f} views/s"
        )


def what_to_ask(network: Network, options: AuditOptions, settings: Settings) -> Asked:
    """The settings of an audit, in the script's terms."""
    placement = place(options.run)
    return Asked(
        network.arch,
        placement.batch_size,
        network.input.size,
        settings.precision,
        placement.device.type,
        settings.iterations,
    )


def lines_of(
    network: Network, group: str, options: AuditOptions, asked: Asked, settings: Settings
) -> Iterator[Line]:
    """The rate of the audit in percent of the script's, both in turns, and where the time of the audit went."""
    views = options.data.samples * ORDERS[group]
    spent: list[Spent] = []

    def audited() -> float:
        spent.append(audit_once(network, [group], options))
        return spent[-1].total / views

    script = Path(settings.timm_script)
    turns = in_turns({"audit": audited, "script": lambda: 1 / script_rate(script, asked)}, settings.repeats)
    ours, theirs = (1 / turns.median(name) for name in ("audit", "script"))
    words = f"{ours:.1f} against {theirs:.1f} views/s, {views} views, batch {asked.batch}, {asked.device}"
    what = f"{network.arch}, {group}, {asked.precision}, all measures and stages, against timm's script"
    yield Line(what, words, 100 * turns.ratio("script", "audit"), unit="%", least=GOAL)
    middle = sorted(spent, key=lambda one: one.total)[len(spent) // 2]
    yield Line("… its time", middle.split)


def replace_data(options: AuditOptions, folder: Path, images: int) -> AuditOptions:
    """The same audit over so many images of that folder."""
    return replace(options, data=replace(options.data, root=folder, samples=images))


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
