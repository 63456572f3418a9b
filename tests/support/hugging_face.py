"""Small models of Hugging Face's library, saved as it saves them, with a processor of theirs."""

from pathlib import Path
from typing import Any

import torch

SIZES = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "image_size": 32,
    "patch_size": 8,
}
"""Of a transformer of two blocks, on 4×4 patches of pictures of 32×32 pixels."""


def saved(folder: Path, model: Any, processor: Any = None, **how: object) -> Path:  # noqa: ANN401
    """The folder, in which both are."""
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder, **how)
    if processor is not None:
        processor.save_pretrained(folder)
    return folder


def seeded(seed: int, build: Any) -> Any:  # noqa: ANN401
    """What a function builds, with weights of that seed, in evaluation."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build().eval()


def small_vit(folder: Path, *, classes: int = 5, seed: int = 0, **how: object) -> Path:
    """A ViT with a classifier whose logits differ from picture to picture."""
    import transformers

    config = transformers.ViTConfig(**SIZES, num_labels=classes, initializer_range=0.3)
    model = seeded(seed, lambda: transformers.ViTForImageClassification(config))
    return saved(folder, model, transformers.ViTImageProcessor(size={"height": 32, "width": 32}), **how)
