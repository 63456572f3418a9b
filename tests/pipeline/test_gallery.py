"""Galleries: which pictures, what is shown of them, their classes, and where a layer disagrees, against loops."""

import io
import shutil
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from reference.action import planar_group
from reference.measures import softmax
from reference.network import hooked_network, observe_orbit
from support.networks import MEAN, STD, small_conv_net
from support.pictures import noise, pixels_of, smooth_pictures
from support.results import entry_of

from geed_cli.actions.representation import Spatial, Trivial
from geed_cli.engine.plan import GroupPlan
from geed_cli.errors import InputError
from geed_cli.groups.named import group_named
from geed_cli.models.network import Network
from geed_cli.models.output import Output
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.gallery.chosen import choose, chosen_by
from geed_cli.pipeline.gallery.disagreement import by_place, compared, expected, grid_of, mean_of, moved_back
from geed_cli.pipeline.gallery.make_gallery import GalleryOptions, make_gallery
from geed_cli.pipeline.gallery.thumbnails import MOVED_SIDE, ROOM, SIDE, matrix_of
from geed_cli.pipeline.options import AuditOptions, ControlOptions, DataOptions, RunOptions
from geed_cli.result.gallery import Gallery
from geed_cli.result.schema import Entry, PerImage, Result
from geed_cli.sets.known_sets import set_named

PICTURES = (8, 16)
LEVELS = 12.0
"""How far thumbnails may be from what they show on average, of 255: JPEG and two ways of making them small."""


def audited(
    folder: Path | None, groups: tuple[str, ...], network: Network | None = None, **changed: object
) -> Result:
    """In float64, without controls."""
    options = AuditOptions(
        data=DataOptions(folder), run=RunOptions("cpu", 8, "fp64"), controls=ControlOptions(0)
    )
    return audit(network or small_conv_net(), groups, replace(options, **changed))


@lru_cache
def made(folder: Path) -> tuple[Result, Gallery]:
    """All eight pictures under c4, c8 and a set."""
    result = audited(folder, ("c4", "c8"), sets=("jpeg:30",))
    options = GalleryOptions(count=8, layer="block3", device="cpu")
    return result, make_gallery(result, small_conv_net(), options)


def of_values(*values: float | None, normaliser: float | None = None) -> Entry:
    return Entry(
        metric="latent.l2",
        group="flip",
        layer=None,
        status="ok",
        value=1.0,
        ci=None,
        raw=1.0,
        normaliser=normaliser,
        per_image=PerImage(value=values),
    )


def test_extremes_and_what_lies_between() -> None:
    """By hand: the order of 3, –, 1, 2, 5, 4 is 5, 4, 3, 2, 1; values are over M; fewer pictures are shown once."""
    entry = of_values(3.0, None, 1.0, 2.0, 5.0, 4.0, normaliser=2.0)
    chosen = {n: [(c.place, c.rank, c.standing, c.value) for c in choose(entry, n)] for n in (1, 2, 3, 4, 9)}
    most, median, least = (4, 1, "largest", 2.5), (0, 3, "middle", 1.5), (2, 5, "smallest", 0.5)
    assert chosen[1] == [most]
    assert chosen[2] == [most, least]
    assert chosen[3] == [most, median, least]
    assert chosen[4] == [most, (5, 2, "", 2.0), (3, 4, "", 1.0), least]
    assert [place for place, *_ in chosen[9]] == [4, 5, 0, 3, 2]
    assert [c.standing for c in choose(of_values(1.0), 5)] == ["largest"]
    assert [c.place for c in choose(of_values(1.0, 1.0, 1.0), 2)] == [0, 2]  # of equal ones the first
    with pytest.raises(InputError, match="a gallery of 0 pictures"):
        choose(entry, 0)


def test_pictures_are_ranked_by_what_was_measured(folder: Path) -> None:
    """Features where they were, else the group's first measure with rows."""
    result, _ = made(folder)
    assert chosen_by(result, "c8").metric == "latent.l2"
    layers = audited(folder, ("flip",), metrics=("channelwise.cosine",))
    shown = make_gallery(layers, small_conv_net(), GalleryOptions(count=1, device="cpu")).groups[0]
    assert (shown.metric, shown.layer) == ("channelwise.cosine", "block1")
    assert chosen_by(result, "d4") is None


@pytest.mark.parametrize("name", ["d4", "c8", "flips"])
def test_a_matrix_moves_every_pixel_where_the_element_does(name: str) -> None:
    """The pixel about (x, y) is found at the matrix's (x', y'); elements that resample have none."""
    plan, size = GroupPlan.of(group_named(name), "zero", "bilinear"), 6
    picture = torch.arange(3.0 * size * size).reshape(3, size, size)
    for view in plan.views:
        matrix, shown = matrix_of(view), view.show(picture, size)
        assert (matrix is None) == (not view.transform.exact)
        if matrix is None:
            continue
        a, b, c, d, e, f = matrix
        for row in range(size):
            for column in range(size):
                x, y = (column + 0.5) / size, (row + 0.5) / size
                to_x, to_y = a * x + c * y + e, b * x + d * y + f
                assert torch.equal(shown[:, int(to_y * size), int(to_x * size)], picture[:, row, column]), (
                    view.transform.name
                )


@pytest.mark.parametrize("name", ["rgb", "shift4", "invert"])
def test_colours_and_shifts_have_no_matrix(name: str) -> None:
    """All but e are shown as they are."""
    first, *others = GroupPlan.of(group_named(name), "disc", "bilinear").views
    assert matrix_of(first) is not None
    assert {matrix_of(view) for view in others} == {None}
    assert matrix_of(GroupPlan.of(set_named("jpeg:30"), "disc", "bilinear").views[1]) is None


def loop(back: np.ndarray, centre: np.ndarray) -> list[list[float]]:
    """1 − cos of the channels at every place, one place at a time."""
    _, height, width = back.shape
    found = []
    for row in range(height):
        line = []
        for column in range(width):
            a, b = back[:, row, column], centre[:, row, column]
            line.append(1 - float(a @ b) / (np.sqrt(a @ a) * np.sqrt(b @ b)))
        found.append(line)
    return found


def test_disagreement_is_that_of_a_loop(folder: Path) -> None:
    """f(gx) turned back by hand against f(x), of every picture under every quarter turn; means to six decimals."""
    result, gallery = made(folder)
    network = small_conv_net()
    read = hooked_network(network.module, "fc", "input", network.layers, network.logits)
    pictures = dict(zip([image.path for image in result.data.images], pixels_of(folder), strict=True))
    assert (gallery.layer, gallery.grid) == ("block3", (8, 8))
    (c4, *_) = gallery.groups
    assert [shown.path for shown in c4.pictures] != sorted(pictures)
    for shown in c4.pictures:
        orbit = observe_orbit(read, pictures[shown.path], planar_group("c4"), "zero", MEAN, STD)
        for quarters, (element, seen) in enumerate(zip(shown.elements, orbit, strict=True)):
            back = np.rot90(seen["layers"]["block3"], -quarters, axes=(1, 2))
            right = loop(back, orbit[0]["layers"]["block3"])
            assert np.asarray(element.disagreement) == pytest.approx(np.asarray(right), abs=0.5001e-3)
            assert element.mean == pytest.approx(np.mean(right), abs=0.5001e-6)


def test_the_scale_is_that_of_other_pictures(folder: Path) -> None:
    """The mean of 1 − cos over pairs of pictures and places, inside of the disc for c8; one picture has none."""
    result = audited(folder, ("c4",))
    network = small_conv_net()
    gallery = make_gallery(result, network, GalleryOptions(count=8, layer="block3", device="cpu"))
    read = hooked_network(network.module, "fc", "input", network.layers, network.logits)
    maps = [
        observe_orbit(read, picture, planar_group("c4")[:1], "zero", MEAN, STD)[0]["layers"]["block3"]
        for picture in pixels_of(folder)
    ]
    means = [np.mean(loop(maps[i], maps[j])) for i in range(8) for j in range(i)]
    assert gallery.another == pytest.approx(np.mean(means), abs=1e-6)
    alone = make_gallery(result, network, GalleryOptions(count=1, device="cpu"))
    assert alone.another is None


def test_in_the_disc_and_of_sets(folder: Path) -> None:
    """Nothing is compared outside the disc; a set's copies are compared with their mean where they are."""
    _, gallery = made(folder)
    _, c8, jpeg = gallery.groups
    assert (c8.disc, jpeg.disc) == (True, False)
    for element in c8.pictures[0].elements:
        grid = np.array(element.disagreement, dtype=float)
        inside = np.hypot(*(np.mgrid[:8, :8] - 3.5)) <= 3.5 + 1e-9
        assert (np.isfinite(grid) == inside).all()
    assert c8.pictures[0].elements[0].mean == 0
    assert len({element.mean for element in jpeg.pictures[0].elements} - {None, 0.0}) == 2
    maps = torch.rand(3, 4, 5, 5, dtype=torch.float64)
    rho = Trivial(3, (4, 5, 5))
    assert torch.equal(moved_back(maps, set_named("jpeg:30"), rho), maps)
    assert torch.equal(expected(maps, rho), maps.mean(dim=0))


def test_places_without_signal() -> None:
    """Both zero: nothing; one zero: 1; opposite: 2."""
    a, b = torch.zeros(2, 2, 2), torch.zeros(2, 2, 2)
    a[:, 0, 0], b[:, 0, 0] = torch.tensor([3.0, 4.0]), torch.tensor([-3.0, -4.0])
    a[:, 0, 1] = b[:, 0, 1] = torch.tensor([1.0, 2.0])
    a[:, 1, 0] = torch.tensor([1.0, 0.0])
    inside = compared(Spatial.of(GroupPlan.of(group_named("c4"), "disc", "bilinear").views, (2, 2, 2)))
    found = by_place(a, b, inside)
    assert found.tolist()[0] == pytest.approx([2.0, 0.0])
    assert found[1, 0] == 1
    assert found[1, 1].isnan()
    assert mean_of(found) == pytest.approx(1.0)
    assert grid_of(found) == ((2.0, 0.0), (1.0, None))
    assert mean_of(torch.full((2, 2), torch.nan)) is None


def test_fine_maps_are_drawn_together() -> None:
    """28 places a side become 14: each the mean of those of four that have a value."""
    found = torch.from_numpy(np.random.default_rng(0).random((28, 28)))
    found[:3, :2] = torch.nan
    grid = grid_of(found)
    assert (len(grid), len(grid[0])) == (14, 14)
    for row in range(14):
        for column in range(14):
            block = found[2 * row : 2 * row + 2, 2 * column : 2 * column + 2].numpy()
            there = block[np.isfinite(block)]
            expected = None if not len(there) else pytest.approx(there.mean(), abs=0.5001e-3)
            assert grid[row][column] == expected
    assert grid[0][0] is None


def test_classes_are_those_of_a_loop(folder: Path) -> None:
    """The three largest p(gx) of every picture under every element, and whether the first is another than under e."""
    result, gallery = made(folder)
    network = small_conv_net()
    read = hooked_network(network.module, "fc", "input", network.layers, network.logits)
    pictures = dict(zip([image.path for image in result.data.images], pixels_of(folder), strict=True))
    for group in gallery.groups[:2]:
        changed = 0
        for shown in group.pictures:
            orbit = observe_orbit(read, pictures[shown.path], planar_group(group.group), "disc", MEAN, STD)
            first = int(np.argmax(orbit[0]["logits"]))
            for element, seen in zip(shown.elements, orbit, strict=True):
                p = softmax(seen["logits"])
                right = sorted(range(5), key=lambda k, p=p: -p[k])[:3]
                assert [each.place for each in element.top] == right
                assert [each.probability for each in element.top] == pytest.approx(p[right], abs=0.5001e-4)
                assert {each.name for each in element.top} == {None}
                assert element.changed == (right[0] != first)
                changed += element.changed
        beside_e = len(group.pictures) * (len(orbit) - 1)
        assert entry_of(result, "prediction.flip_rate", group.group).value == pytest.approx(
            changed / beside_e
        )
    assert any(element.changed for shown in gallery.groups[0].pictures for element in shown.elements)


def test_networks_without_classes_or_layers(folder: Path) -> None:
    """Labels have no top class; without a layer there is no disagreement; a batch of its own is filled up."""
    labels = replace(small_conv_net(), output=Output("sigmoid", (5,)), layers=())
    result = audited(folder, ("flip",), labels, metrics=("latent.l2",))
    gallery = make_gallery(result, labels, GalleryOptions(count=2, device="cpu"))
    assert (gallery.layer, gallery.grid, gallery.another) == (None, None, None)
    assert {element.top for shown in gallery.groups[0].pictures for element in shown.elements} == {()}
    result, gallery = made(folder)
    by_three = replace(small_conv_net(), batch=3)
    assert make_gallery(result, by_three, GalleryOptions(count=8, layer="block3", device="cpu")) == gallery


def levels(jpeg: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB"), dtype=float)


def test_thumbnails_are_what_the_network_was_shown(tmp_path: Path) -> None:
    """A picture's own; what turns by 45 degrees make of it, in the disc; none where a matrix does."""
    folder = smooth_pictures(tmp_path, 2, 64)
    network = small_conv_net(size=64)
    result = audited(folder, ("c8",), network)
    gallery = make_gallery(result, network, GalleryOptions(count=2, device="cpu"))
    assert [picture.path for picture in gallery.pictures] == ["0000.png", "0001.png"]
    pictures = dict(zip(["0000.png", "0001.png"], pixels_of(folder), strict=True))
    for picture in gallery.pictures:
        small = Image.open(folder / picture.path).resize((SIDE, SIDE))
        assert np.abs(levels(picture.jpeg) - np.asarray(small)).mean() < LEVELS
    plan = GroupPlan.of(group_named("c8"), "disc", "bilinear")
    for shown in gallery.groups[0].pictures:
        for view, element in zip(plan.views, shown.elements, strict=True):
            assert (element.jpeg is None) == (element.matrix is not None) == view.transform.exact
            if element.jpeg is not None:
                seen = view.show(torch.from_numpy(pictures[shown.path]), 64).permute(1, 2, 0).numpy()
                small = Image.fromarray((255 * seen).astype(np.uint8)).resize((MOVED_SIDE, MOVED_SIDE))
                assert np.abs(levels(element.jpeg) - np.asarray(small)).mean() < LEVELS


def test_56_thumbnails_have_room_in_40_kilobytes() -> None:
    """Seven photographs of the sample under eight elements, 28 of the 56 with thumbnails of their own."""
    network = small_conv_net(size=96)
    result = audited(None, ("c8",), network, data=DataOptions(None, 7), metrics=("latent.l2",))
    gallery = make_gallery(result, network, GalleryOptions(count=7, device="cpu"))
    elements = [element for shown in gallery.groups[0].pictures for element in shown.elements]
    assert len(elements) == 56
    jpegs = [element.jpeg for element in elements if element.jpeg is not None]
    assert len(jpegs) == 28
    assert sum(map(len, [*jpegs, *(picture.jpeg for picture in gallery.pictures)])) <= ROOM == 40 * 1024


def test_it_is_made_again(folder: Path) -> None:
    """The same network makes the same of the same pictures."""
    result, gallery = made(folder)
    options = GalleryOptions(count=8, layer="block3", device="cpu")
    assert make_gallery(result, small_conv_net(), options) == gallery


def test_files_that_are_no_longer_what_was_audited(tmp_path: Path) -> None:
    """Gone, overwritten, or outside of the folder: one warning names them, and the others are shown."""
    folder = smooth_pictures(tmp_path / "pictures", 5, 16)
    result = audited(folder, ("flip",))
    (folder / "0001.png").unlink()
    noise(16, 16).save(folder / "0003.png")
    shutil.copy(folder / "0004.png", tmp_path / "outside.png")
    images = list(result.data.images)
    images[4] = images[4].model_copy(update={"path": "../outside.png"})
    result = result.model_copy(update={"data": result.data.model_copy(update={"images": tuple(images)})})
    gallery = make_gallery(result, small_conv_net(), GalleryOptions(count=5, device="cpu"))
    (warning,) = gallery.warnings
    assert warning.startswith(
        f"3 pictures of {folder} left out of the gallery: 0001.png (cannot be read: No such"
    )
    assert "0003.png (it is another file than was audited)" in warning
    assert "../outside.png (its path leaves the folder)" in warning
    assert [picture.path for picture in gallery.pictures] == ["0000.png", "0002.png"]
    moved = shutil.move(folder, tmp_path / "elsewhere")
    nowhere = make_gallery(result, small_conv_net(), GalleryOptions(count=5, device="cpu"))
    assert (nowhere.groups, nowhere.pictures) == ((), ())
    there = make_gallery(result, small_conv_net(), GalleryOptions(count=5, folder=Path(moved), device="cpu"))
    assert there.pictures == gallery.pictures


def test_groups_that_are_not_known_here(folder: Path, tmp_path: Path) -> None:
    """A group of a file is found by its file; without, or where a name now means other elements, it is left out."""
    file = tmp_path / "pinwheel.yaml"
    file.write_text("name: pinwheel\ngenerators: [{turn: 180, colour: bgr}]\n")
    result = audited(folder, (str(file), "flip"))
    names = [group.name for group in result.groups]
    whole = make_gallery(result, small_conv_net(), GalleryOptions(count=1, groups=(str(file),), device="cpu"))
    assert [group.group for group in whole.groups] == names
    part = make_gallery(result, small_conv_net(), GalleryOptions(count=1, device="cpu"))
    assert [group.group for group in part.groups] == ["flip"]
    assert part.warnings[0].startswith("pinwheel is left out of the gallery: ")
    other = [
        group.model_copy(update={"elements": ("e", "x")}) for group in result.groups if group.name == "flip"
    ]
    none = make_gallery(
        result.model_copy(update={"groups": tuple(other)}), small_conv_net(), GalleryOptions(device="cpu")
    )
    assert none.groups == ()
    assert none.warnings == (
        "flip is left out of the gallery: what is called so here is not what was audited",
    )


def test_another_network_is_refused(folder: Path) -> None:
    """Other weights, and other preprocessing: both are named."""
    result, _ = made(folder)
    network = small_conv_net()
    other = replace(network, weights=replace(network.weights, state_sha256="1" * 64))
    with pytest.raises(
        InputError, match=r"SmallConvNet has the weights 111111111111…, and the result is of .*0000"
    ):
        make_gallery(result, other)
    with pytest.raises(InputError, match="shown pictures in another way"):
        make_gallery(result, small_conv_net(size=32))
    with pytest.raises(InputError, match=r"layer 'block9'"):
        make_gallery(result, network, GalleryOptions(layer="block9", device="cpu"))
