"""Weights that had to be converted, kept between runs where rows are."""

from pathlib import Path

from geed_cli.checkpoints.kept import KeptWeights
from geed_cli.pipeline.progress import Progress


def kept_weights(cache: Path | None, progress: Progress) -> KeptWeights | None:
    """The converted weights of a cache, whose faults become notes; None where there is no cache."""
    return KeptWeights(cache, lambda fault: progress.note(f"cache: {fault}")) if cache is not None else None
