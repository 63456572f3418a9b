"""Results made by real audits, saved along an imagined training too, and how tests read them."""

import tempfile
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.options import AuditOptions, DataOptions, RunOptions
from geed_cli.result.file import write_result
from geed_cli.result.schema import Entry, Result
from geed_cli.tracking.record import Record
from support.networks import small_conv_net
from support.pictures import smooth_pictures


@lru_cache(maxsize=32)
def small_result(seed: int = 0, count: int = 24) -> Result:
    """``SmallConvNet`` under flip and c4 on smooth pictures, in float64 on the CPU."""
    with tempfile.TemporaryDirectory() as folder:
        pictures = smooth_pictures(Path(folder), count, 15)
        options = AuditOptions(data=DataOptions(pictures), run=RunOptions("cpu", 8, "fp64"))
        network = small_conv_net(seed, size=15)
        weights = replace(network.weights, state_sha256=f"{seed:064}")
        return audit(replace(network, weights=weights), ["flip", "c4"], options)


def entry_of(result: Result, metric: str, group: str, layer: str | None = None) -> Entry:
    """The one entry of that name."""
    (found,) = [e for e in result.results if (e.metric, e.group, e.layer) == (metric, group, layer)]
    return found


def measured(result: Result) -> list[Entry]:
    """The entries that are applicable, in the order of the result: the same for the same network, groups and layers."""
    return [entry for entry in result.results if entry.status != "not_applicable"]


def numbers(result: Result) -> str:
    """Everything in a result but when it was made."""
    return result.model_dump_json(exclude={"timing"})


def result_at(step: int, seed: int = 0, arch: str = "SmallConvNet") -> Result:
    """A real audit whose weights are called those of a step of a run; other seeds have other values."""
    result = small_result(seed)
    weights = result.model.weights.model_copy(
        update={"origin": "file", "detail": f"run{seed}/step_{step}.pt", "state_sha256": f"{seed}-{step}"}
    )
    return result.model_copy(
        update={"model": result.model.model_copy(update={"arch": arch, "weights": weights})}
    )


def record_at(step: int, seed: int = 0, label: str = "cnn") -> Record:
    """That result on a track."""
    return Record(
        label=label,
        step=step,
        step_from="the file name",
        file=f"run{seed}/step_{step}.json",
        source="result",
        result=result_at(step, seed),
    )


def save_run(folder: Path, steps: tuple[int, ...], seed: int = 0, arch: str = "SmallConvNet") -> Path:
    """Saved results ``folder/run<seed>_step_<step>.json``."""
    folder.mkdir(exist_ok=True)
    for step in steps:
        write_result(result_at(step, seed, arch), folder / f"run{seed}_step_{step}.json")
    return folder
