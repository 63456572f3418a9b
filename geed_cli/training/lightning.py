"""A callback of Lightning that audits while its Trainer fits: ``pip install lightning``."""

from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer

from geed_cli.training.monitor import Monitor


class MonitorCallback(Callback):
    """Audits at the start of ``fit`` and after batches, whenever ``trainer.global_step`` is a multiple of ``every``.

    Values also go to the Trainer's loggers, unless the monitor has a ``log`` of its own. Of several processes the first
    alone audits.

    Args:
        monitor: of the module that is trained, ``geed.Monitor(geed.wrap(model.net, size=224, …), images)``.
    """

    def __init__(self, monitor: Monitor) -> None:
        self.monitor = monitor
        self._logs = monitor.logs

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        """The step that training begins with."""
        if not self._logs:
            self.monitor.log_to(_Loggers(trainer))
        self._audit(trainer)

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *_: Any, **__: Any) -> None:  # noqa: ANN401, ARG002
        """The step that a batch has ended, if it has."""
        self._audit(trainer)

    def _audit(self, trainer: Trainer) -> None:
        if trainer.is_global_zero:
            self.monitor(trainer.global_step)


class _Loggers:
    """All loggers of a Trainer, as one."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer

    def log_metrics(self, metrics: dict[str, float], step: int) -> None:
        """Hand them on."""
        for logger in self._trainer.loggers:
            logger.log_metrics(metrics, step=step)
