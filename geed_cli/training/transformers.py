"""A callback of transformers that audits while its Trainer trains: ``pip install transformers accelerate``."""

from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from geed_cli.training.monitor import Monitor


class MonitorCallback(TrainerCallback):
    """Audits at the start of training and after steps, whenever ``state.global_step`` is a multiple of ``every``.

    Of several processes the first alone audits.

    Args:
        monitor: of the model that is trained, such as ``geed.Monitor(geed.wrap(model, size=224, …), images)``.
    """

    def __init__(self, monitor: Monitor) -> None:
        self.monitor = monitor

    def on_train_begin(
        self,
        args: TrainingArguments,  # noqa: ARG002
        state: TrainerState,
        control: TrainerControl,  # noqa: ARG002
        **_: Any,  # noqa: ANN401
    ) -> None:
        """The step that training begins with."""
        self._audit(state)

    def on_step_end(
        self,
        args: TrainingArguments,  # noqa: ARG002
        state: TrainerState,
        control: TrainerControl,  # noqa: ARG002
        **_: Any,  # noqa: ANN401
    ) -> None:
        """The step that has ended."""
        self._audit(state)

    def _audit(self, state: TrainerState) -> None:
        if state.is_world_process_zero:
            self.monitor(state.global_step)
