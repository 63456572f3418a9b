"""Pictures that benchmarks audit: as many different ones as they count in their rates."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.speed.audits import audit_once, options_for
from benchmarks.speed.pictures import copy_photographs
from benchmarks.speed.settings import Settings
from geed_cli.images.source import sample_folder
from geed_cli.models.load import load_model


def test_photographs_differ_however_many_are_wanted(tmp_path: Path) -> None:
    photographs = len(list(sample_folder().glob("*.jpg")))
    copy_photographs(tmp_path, 3 * photographs)
    seen = {np.asarray(Image.open(path)).tobytes() for path in tmp_path.iterdir()}
    assert len(seen) == 3 * photographs


def test_a_rate_over_fewer_images_than_it_counts_is_refused(tmp_path: Path) -> None:
    copy_photographs(tmp_path, 2)
    network = load_model("timm:test_resnet", weights="random")
    settings = Settings(folder=str(tmp_path), device="cpu")
    assert audit_once(network, ["flip"], options_for(network, settings, images=2)).total > 0
    with pytest.raises(ValueError, match="2 images were audited, and rates are of 3"):
        audit_once(network, ["flip"], options_for(network, settings, images=3))
