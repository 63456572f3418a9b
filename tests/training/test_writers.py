"""Where values go: TensorBoard for real, other libraries by the calls that their documents have."""

import logging
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.gate import result, spread

from geed_cli.errors import InputError
from geed_cli.training.writers import scalars_of, writing_to

SCALARS = {"geed/latent.l2/flip*xshift7": 0.25, "geed/channelwise.cosine/c4/relu#2": -0.5}


def test_names_and_values_of_a_result() -> None:
    """Everything that has a value, by measure, group and layer."""
    made = result(
        {
            ("latent.l2", "flip", None): spread(0.3, 0.05),
            ("channelwise.cosine", "c4", "layer1"): spread(-0.8, 0.05),
        }
    )
    undefined = made.results[0].model_copy(update={"value": None, "status": "undefined"})
    scalars = scalars_of(made)
    assert scalars == {
        "geed/latent.l2/flip": made["latent.l2", "flip"].value,
        "geed/channelwise.cosine/c4/layer1": made["channelwise.cosine", "c4"].value,
    }
    assert list(scalars_of(made.model_copy(update={"results": (undefined,)}))) == []


class Recorder:
    """Calls, as they were made."""

    def __init__(self) -> None:
        self.calls: list[object] = []


class Wandb(Recorder):
    """wandb.Run.log(data, step=None, commit=None)."""

    def log(self, data: dict[str, float], step: int | None = None, commit: bool | None = None) -> None:
        self.calls.append((dict(data), step, commit))


class MLflow(Recorder):
    """mlflow.log_metric(key, value, step=None, …) and log_metrics(metrics, step=None, …)."""

    def log_metric(self, *_: object, **__: object) -> None:
        raise AssertionError("one call is enough")

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        self.calls.append((dict(metrics), step))


class Comet(Recorder):
    """comet_ml.Experiment.log_metric(name, value, step=None, epoch=None, …)."""

    def log_metric(self, name: str, value: float, step: int | None = None, epoch: int | None = None) -> None:
        self.calls.append((name, value, step, epoch))


def test_documented_calls() -> None:
    """One call a step where a writer takes several values; names that MLflow refuses are changed for it alone."""
    wandb, mlflow, comet = Wandb(), MLflow(), Comet()
    plain = {"geed/latent.l2/flip_xshift7": 0.25, "geed/channelwise.cosine/c4/relu_2": -0.5}
    for writer in (wandb, mlflow, comet):
        writing_to(writer)(SCALARS, 7)
    assert wandb.calls == [(SCALARS, 7, None)]
    assert mlflow.calls == [(plain, 7)]
    assert comet.calls == [(name, value, 7, None) for name, value in plain.items()]


def test_a_function(capsys: pytest.CaptureFixture[str]) -> None:
    """Also the one that the refusal below proposes."""
    calls: list[tuple[str, float, int]] = []
    writing_to(lambda name, value, step: calls.append((name, value, step)))(SCALARS, 7)
    assert calls == [(name, value, 7) for name, value in SCALARS.items()]
    writing_to(lambda name, value, step: print(step, name, value))(SCALARS, 7)
    assert capsys.readouterr().out.startswith("7 geed/latent.l2/flip*xshift7 0.25\n")


@pytest.mark.parametrize("log", ["runs", 3, logging.getLogger("training")])
def test_what_is_no_writer(log: object) -> None:
    """A logger of Python's has a method log, too, which takes a level and a message."""
    with pytest.raises(InputError, match=f"log={type(log).__name__}"):
        writing_to(log)


def test_tensorboard_reads_what_was_written(tmp_path: Path) -> None:
    """By its own reader of event files, at the right step, to float32."""
    pytest.importorskip("tensorboard", reason="needs the extra integrations")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(tmp_path) as writer:
        for step in (0, 200):
            writing_to(writer)({"geed/latent.l2/flip": 0.25 + step}, step)
    read = EventAccumulator(str(tmp_path)).Reload()
    assert read.Tags()["scalars"] == ["geed/latent.l2/flip"]
    assert [(event.step, event.value) for event in read.Scalars("geed/latent.l2/flip")] == [
        (0, 0.25),
        (200, 200.25),
    ]
