"""Whole audits in reduced precision and of compiled networks, beside the same audit in fp32: time, and what moved.

Seconds are of processor time, of the compiler's processes as well. An audit in bf16 shows its first images once more in
fp32, which is in its time. The shift is that of the result: the largest precision_shift of each measure, beside the
widest interval of that measure in fp32. A compiled audit is timed twice, each in a process of its own, as the command
line has it: with the compiler's work, and with what the compiler kept in its own cache.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context

from benchmarks.speed.audits import options_for
from benchmarks.speed.settings import Settings
from benchmarks.speed.timing import in_turns
from benchmarks.table import Line
from geed_cli.models.load import load_model
from geed_cli.models.network import Network
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.options import AuditOptions
from geed_cli.pipeline.second_runs import SHIFT_CONTROL
from geed_cli.result.schema import Result
from geed_cli.runtime.own_process import own_process

GROUP = "c4"


def precision(settings: Settings) -> Iterator[Line]:
    """Lines for each network: bf16 against fp32 with its shift, then compiled against fp32."""
    for name in settings.models:
        network = load_model(name, weights="random")
        options = options_for(network, settings)
        compiled = replace(options, run=replace(options.run, compile=True))
        what = f"{network.arch}, {GROUP}, {settings.images} images"
        plain, lines = _reduced(what, network, options, settings)
        yield from lines
        first, again = _in_a_process(name, compiled), _in_a_process(name, compiled)
        words = f"{again:.1f} s, with the compiler's work {first:.1f} s, against {plain:.1f} s"
        yield Line(f"{what}, --compile against fp32", words, again / plain)


def _reduced(
    what: str, network: Network, options: AuditOptions, settings: Settings
) -> tuple[float, list[Line]]:
    """Seconds in fp32, and the lines of bf16."""
    reduced = replace(options, run=replace(options.run, precision="bf16"))
    made: dict[str, Result] = {}

    def timed(name: str, options: AuditOptions) -> float:
        seconds, made[name] = audited(network, options)
        return seconds

    for each in (options, reduced):
        audited(network, replace(each, data=replace(each.data, samples=4)))
    turns = in_turns(
        {"fp32": partial(timed, "fp32", options), "bf16": partial(timed, "bf16", reduced)}, settings.repeats
    )
    words = f"{turns.median('bf16'):.1f} s against {turns.median('fp32'):.1f} s"
    shown = shifts(made["bf16"], made["fp32"])
    return turns.median("fp32"), [
        Line(f"{what}, bf16 against fp32", words, turns.ratio("bf16", "fp32")),
        Line("… the largest shift, in brackets the widest interval in fp32", shown),
    ]


def _in_a_process(model: str, options: AuditOptions) -> float:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(_loaded, model, options).result()


def _loaded(model: str, options: AuditOptions) -> float:
    return audited(load_model(model, weights="random"), options)[0]


def audited(network: Network, options: AuditOptions) -> tuple[float, Result]:
    """Processor seconds of a whole audit, and its result."""
    with own_process():
        before = sum(os.times()[:4])
        made = audit(network, [GROUP], options)
        return sum(os.times()[:4]) - before, made


def shifts(reduced: Result, exact: Result) -> str:
    """Of each measure the largest shift, and in brackets the widest interval."""
    shown = []
    for metric in dict.fromkeys(entry.metric for entry in reduced.results):
        entries = [entry for entry in reduced.results if entry.metric == metric]
        moved = [each.controls[SHIFT_CONTROL] for each in entries if SHIFT_CONTROL in each.controls]
        intervals = [each.ci for each in exact.results if each.metric == metric and each.ci is not None]
        if moved and intervals:
            widest = max(high - low for low, high in intervals)
            shown.append(f"{metric} {max(moved):.2g} ({widest:.2g})")
    return ", ".join(shown)
