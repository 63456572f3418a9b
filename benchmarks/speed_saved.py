"""Two saved results to time commands on: a small network with two random weights over generated pictures.

python -m benchmarks.speed_saved FOLDER IMAGES
"""

import sys
from pathlib import Path

from benchmarks.speed_pictures import write_small
from geed_cli.models.load import load_model
from geed_cli.pipeline.audit import audit_together
from geed_cli.pipeline.options import AuditOptions, DataOptions
from geed_cli.result.file import write_result

GROUPS = ("flip", "vflip", "c4", "d4")


def write_saved(folder: Path, images: int) -> None:
    """Write ``0.json`` and ``1.json``."""
    pictures = write_small(folder / "pictures", images)
    networks = [load_model("timm:test_resnet", weights="random", seed=seed, img_size=64) for seed in (0, 1)]
    results = audit_together(networks, GROUPS, AuditOptions(data=DataOptions(pictures, samples=images)))
    for number, result in enumerate(results):
        write_result(result, folder / f"{number}.json")


if __name__ == "__main__":
    write_saved(Path(sys.argv[1]), int(sys.argv[2]))
