"""The callback of Lightning, in a real fit: the same weights, a track, and values in the Trainer's logger."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import geed_cli as geed
from geed_cli.tracking.track_file import read_track

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning", "ignore::DeprecationWarning"),
]


@cache
def library() -> Any:  # noqa: ANN401
    """Imported by the tests alone, since it takes seconds wherever this file is only collected."""
    return pytest.importorskip("lightning.pytorch", reason="needs the extra integrations")


@cache
def plain_module() -> type[nn.Module]:
    """A module with dropout and batch norm."""

    class Plain(library().LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.net = nn.Sequential(
                nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.2), nn.AdaptiveAvgPool2d(1),
                nn.Flatten(), nn.Linear(4, 3),
            )  # fmt: skip

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.net(x)

        def training_step(self, batch: tuple[torch.Tensor, torch.Tensor], _: int) -> torch.Tensor:
            return nn.functional.cross_entropy(self.net(batch[0]), batch[1])

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.Adam(self.parameters(), lr=0.01)

    return Plain


def fitted(folder: Path, watched: Callable[[nn.Module], nn.Module] | None) -> nn.Module:
    """After a fit; ``watched`` says which module is audited meanwhile, if one is."""
    model_of = plain_module()
    from lightning.pytorch.loggers import CSVLogger

    torch.manual_seed(0)
    model = model_of()
    pictures = (torch.rand(4, 3, 12, 12, generator=torch.Generator().manual_seed(1)) * 255).to(torch.uint8)
    callbacks = []
    if watched is not None:
        from geed_cli.training.lightning import MonitorCallback

        net = geed.wrap(watched(model), size=12, mean=0.5, std=0.25)
        words = {"every": 2, "samples": 4, "ready": True}
        callbacks = [MonitorCallback(geed.Monitor(net, pictures, "flip", folder / "run.json", **words))]
    trainer = library().Trainer(
        max_epochs=2,
        accelerator="cpu",
        logger=CSVLogger(folder, name="csv", version=0),
        callbacks=callbacks,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        log_every_n_steps=1,
    )
    data = torch.utils.data.TensorDataset(torch.randn(12, 3, 12, 12), torch.arange(12) % 3)
    trainer.fit(model, torch.utils.data.DataLoader(data, batch_size=4, shuffle=True))
    return model


@pytest.mark.parametrize("part", ["net", "itself"])
def test_a_fit_with_the_callback(part: str, tmp_path: Path) -> None:
    """Of a part of the LightningModule, and of itself, which holds its Trainer then."""
    plain = fitted(tmp_path / "plain", None).state_dict()
    (tmp_path / "watched").mkdir()
    chosen = {"net": lambda model: model.net, "itself": lambda model: model}[part]
    watched = fitted(tmp_path / "watched", chosen).state_dict()
    assert all(torch.equal(watched[name], plain[name]) for name in plain)
    track = read_track(tmp_path / "watched" / "run.json")
    assert track.steps == (0, 2, 4, 6)
    assert track.failures == ()
    import csv

    with (tmp_path / "watched" / "csv" / "version_0" / "metrics.csv").open() as file:
        rows = {int(row["step"]): row for row in csv.DictReader(file) if row.get("geed/latent.l2/flip")}
    assert {step: float(row["geed/latent.l2/flip"]) for step, row in rows.items()} == pytest.approx(
        {step: track[step]["latent.l2", "flip"].value for step in track.steps}
    )
