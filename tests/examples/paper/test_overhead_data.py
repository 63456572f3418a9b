"""Sources of nine classes without an upright (section 4.3): turned crops, chips of xView, EuroSAT."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from examples.paper import eurosat, overhead, xview
from examples.paper.class_folders import classes, read


def ramp(width: int, height: int) -> Image.Image:
    """Grey levels that rise from the left to the right edge, 0 to 255."""
    return Image.fromarray(np.tile(np.linspace(0, 255, width).round().astype(np.uint8), (height, 1)))


def test_crops_have_every_angle_and_no_black_corner() -> None:
    """On a plane that rises to the right, the direction in which a crop rises is the angle that it was turned by."""
    rng = np.random.default_rng(0)
    angles = []
    for crop in overhead.crops(ramp(400, 400), 64, 300, rng):
        levels = np.asarray(crop, float)
        assert crop.size == (64, 64)
        down, right = (gradient[8:-8, 8:-8].mean() for gradient in np.gradient(levels))
        angles.append(np.arctan2(-down, right) % (2 * np.pi))
        x, y = np.meshgrid(np.arange(64.0), np.arange(64.0))
        plane = levels.mean() + right * (x - 31.5) + down * (y - 31.5)
        assert np.abs(levels - plane).max() < 10  # a black corner lies over 100 levels beside it
    counts, _ = np.histogram(angles, 8, (0, 2 * np.pi))
    assert counts.sum() == 300
    assert ((counts - 37.5) ** 2 / 37.5).sum() < 24.3  # chi-squared of 7 degrees of freedom: 0.1%


def test_brightness_and_contrast_tell_nothing() -> None:
    """Grey levels of a dark, flat crop and of a bright one are the same but for rounding."""
    rng = np.random.default_rng(0)
    levels = rng.integers(0, 100, (64, 64)).astype(np.uint8)
    dark, bright = (overhead.standardised(Image.fromarray(each)) for each in (levels, 2 * levels + 40))
    assert np.array_equal(np.asarray(dark), np.asarray(bright))
    assert np.asarray(dark).mean() == pytest.approx(127.5, abs=0.5)
    assert np.asarray(dark).std() == pytest.approx(51, abs=0.5)


def test_training_and_test_never_share_a_pixel() -> None:
    """Halves of a picture that rises to the right: all that is in one is darker than all that is in the other."""
    train, test = (np.asarray(overhead.half(ramp(201, 50), part)) for part in overhead.PARTS)
    assert train.max() < test.min()
    assert train.shape[1] + test.shape[1] == 201


def test_a_picture_without_room_is_refused() -> None:
    """A crop of 64 pixels needs 93 to be turned."""
    with pytest.raises(ValueError, match="needs 93 × 93, not \\(92, 200\\)"):
        next(overhead.crops(ramp(92, 200), 64, 1, np.random.default_rng(0)))


def test_nine_photographs_come_with_scikit_image(tmp_path: Path) -> None:
    """Every one is there without a download, has room in either half, and is written with its number."""
    overhead.write(tmp_path, 64, 2, 27)
    assert classes(tmp_path, "train") == classes(tmp_path, "test") == sorted(overhead.CLASSES)
    x, y = read(tmp_path, "test")
    assert x.shape == (27, 3, 64, 64)
    assert y.tolist() == [label for label in range(9) for _ in range(3)]
    with (tmp_path / "labels.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["label"]) for row in rows] == y.tolist()
    assert all((tmp_path / "test" / row["path"]).is_file() for row in rows)
    assert len({bytes(each.numpy()) for each in x}) == 27


def test_chips_of_xview(tmp_path: Path) -> None:
    """A made-up part of xView: chips are about boxes, without cars, small boxes, boxes at the edge, lost pictures."""
    (tmp_path / "train_images").mkdir()
    pixels = np.zeros((100, 120, 3), np.uint8)
    pixels[40:50, 60:80] = 200
    for number in range(8):
        Image.fromarray(pixels).save(tmp_path / "train_images" / f"{number}.tif")
    vessel = "60,40,80,50"
    named = [(f"{number}.tif", 49, vessel) for number in range(8)]
    named += [
        ("0.tif", 18, vessel),
        ("0.tif", 49, "60,40,65,43"),
        ("0.tif", 49, "0,40,20,50"),
        ("9.tif", 49, vessel),
    ]
    features = [
        {"properties": {"image_id": picture, "type_id": kind, "bounds_imcoords": limits}}
        for picture, kind, limits in named
    ]
    (tmp_path / "xView_train.geojson").write_text(json.dumps({"features": features}))
    out = tmp_path / "chips"
    xview.write(tmp_path, out, 24, 100, 900)
    assert classes(out, "train") == sorted(xview.KINDS.values())
    (train, of_train), (test, of_test) = (read(out, part) for part in ("train", "test"))
    assert len(train) + len(test) == 8
    ferry = sorted(xview.KINDS.values()).index("ferry")
    assert {*of_train.tolist(), *of_test.tolist()} == {ferry}
    expected = pixels[33:57, 58:82]  # 24 = 1.2 · 20 pixels about (70, 45), and size 24: nothing is resized
    assert all(np.array_equal(chip.permute(1, 2, 0).numpy(), expected) for chip in [*train, *test])


def test_a_picture_is_in_one_part() -> None:
    """Three of four to the training; the same whatever was asked before."""
    parts = xview.part_of([f"{number}.tif" for number in range(40)])
    assert sorted(parts.values()).count("test") == 10
    assert parts == xview.part_of([f"{number}.tif" for number in range(40)])


def test_a_geojson_of_another_kind_is_named(tmp_path: Path) -> None:
    """The feature and what it lacks."""
    file = tmp_path / "other.geojson"
    file.write_text(json.dumps({"features": [{"properties": {"type_id": 49}}]}))
    with pytest.raises(ValueError, match=r"feature 0 of .*bounds_imcoords"):
        xview.boxes(file)


def test_eurosat_without_its_lakes(tmp_path: Path) -> None:
    """As torchvision has it: nine of ten classes, parts that share no picture."""
    names = ("AnnualCrop", "Forest", "HerbaceousVegetation", "Highway", "Industrial")
    names += ("Pasture", "PermanentCrop", "Residential", "River", "SeaLake")
    for place, name in enumerate(names):
        folder = tmp_path / "eurosat" / "2750" / name
        folder.mkdir(parents=True)
        for number in range(5):
            Image.new("RGB", (64, 64), (25 * place, 50 * number, 0)).save(folder / f"{name}_{number}.png")
    out = tmp_path / "out"
    eurosat.write(tmp_path, out, 32, 3, 18)
    assert classes(out, "test") == list(names[:-1])
    (train, labels), (test, of_test) = read(out, "train"), read(out, "test")
    assert (len(train), len(test)) == (27, 18)
    for x, y in ((train, labels), (test, of_test)):
        assert (x[:, 0, 0, 0] // 25).tolist() == y.tolist()
    seen = [{tuple(each[:, 0, 0].tolist()) for each in x} for x in (train, test)]
    assert len(seen[0]) == 27
    assert not seen[0] & seen[1]
