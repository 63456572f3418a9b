"""Goal: all measures, all stage layers, one group run at least at 95% of the rate of timm's own benchmark script.

The script shows one batch that lies ready on the device again and again. Both sides have the same network, input
size, batch size, precision, device and memory format, and TF32 off; the script alone lets cuDNN choose its fastest
kernels by trying them. The audit decodes as many copies of the sample's photographs as keep it busy for a while.
"""

import math
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks.speed_against import ORDERS, warm_up
from benchmarks.speed_audit import Spent, audit_once, options_for
from benchmarks.speed_case import serve
from benchmarks.speed_photographs import copy_photographs
from benchmarks.speed_settings import Settings
from benchmarks.speed_timm_script import PRECISIONS, Asked, ScriptError, script_rate
from benchmarks.speed_turns import in_turns
from benchmarks.table import Line
from geed_cli.models.load import load_model
from geed_cli.models.network import Network
from geed_cli.pipeline.options import AuditOptions
from geed_cli.pipeline.placement import place

GOAL = 95.0
MOST = 5000
"""Images: statistics, which are not timed here, hold the distances of all pairs."""


def timm_script(settings: Settings) -> Iterator[Line]:
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


if __name__ == "__main__":
    serve(timm_script)
