"""The callback of transformers' Trainer, in a real training of a tiny ViT: the same weights, and a track."""

from pathlib import Path

import pytest
import torch

import geed_cli as geed
from geed_cli.tracking.track_file import read_track

transformers = pytest.importorskip("transformers", reason="needs the extra integrations")
pytest.importorskip("accelerate", reason="needs the extra integrations")
pytestmark = [
    pytest.mark.heavy,  # importing it takes seconds
    pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning", "ignore::DeprecationWarning"),
]


def trained(folder: Path, *, watched: bool) -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    config = transformers.ViTConfig(
        hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, image_size=16,
        patch_size=4, num_labels=3, hidden_dropout_prob=0.2,
    )  # fmt: skip
    model = transformers.ViTForImageClassification(config)
    callbacks = []
    if watched:
        from geed_cli.training.transformers import MonitorCallback

        pictures = (torch.rand(4, 3, 16, 16, generator=torch.Generator().manual_seed(1)) * 255).to(
            torch.uint8
        )
        net = geed.wrap(model, size=16, mean=0.5, std=0.5)
        words = {"every": 2, "samples": 4, "ready": True}
        callbacks = [MonitorCallback(geed.Monitor(net, pictures, "flip", folder / "run.json", **words))]
    generator = torch.Generator().manual_seed(2)
    data = [
        {"pixel_values": torch.randn(3, 16, 16, generator=generator), "labels": number % 3}
        for number in range(12)
    ]
    arguments = transformers.TrainingArguments(
        output_dir=str(folder / "out"),
        per_device_train_batch_size=4,
        max_steps=5,
        report_to=[],
        save_strategy="no",
        disable_tqdm=True,
        use_cpu=True,
        dataloader_pin_memory=False,
    )
    transformers.Trainer(model, arguments, train_dataset=data, callbacks=callbacks).train()
    return model.state_dict()


def test_a_training_with_the_callback(tmp_path: Path) -> None:
    plain = trained(tmp_path, watched=False)
    watched = trained(tmp_path, watched=True)
    assert all(torch.equal(watched[name], plain[name]) for name in plain)
    track = read_track(tmp_path / "run.json")
    assert track.steps == (0, 2, 4)
    assert track.failures == ()
    assert len({record.result.model.weights.state_sha256 for record in track.records}) == 3
