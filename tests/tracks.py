"""Results along an imagined training, made from small real audits, for tests that need no checkpoint files."""

from pathlib import Path

from results import small_result

from geed_cli.comparison.track_schema import Record
from geed_cli.result.file import write_result
from geed_cli.result.schema import Result


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
