"""Audits of pictures that lie in no folder: copies, refusals, chance, the cache, results, and what they say."""

import shutil
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from support.command import in_full, printed
from support.memory import Pictures, array, audited, rows, tensor
from support.networks import MEAN, STD, small_conv_net
from support.pictures import encoded, noise, smooth_pictures
from torch.utils.data import DataLoader
from torchvision import transforms
from torchvision.datasets import ImageFolder

from geed_cli.errors import InputError
from geed_cli.images import source
from geed_cli.images.memory.prepared import images_of, prepared_images
from geed_cli.images.source import ImageSet, LoadedImage, iter_pixels
from geed_cli.models.network import Network
from geed_cli.pipeline.draw import holds_same_draw
from geed_cli.pipeline.gallery.make_gallery import GalleryOptions, make_gallery
from geed_cli.pipeline.options import ControlOptions, DataOptions
from geed_cli.result.file import read_result, write_result
from geed_cli.verdict.audit import next_step, warnings

COUNT, SIDE = 7, 20


@pytest.fixture(scope="module")
def network() -> Network:
    return small_conv_net(size=16)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return smooth_pictures(tmp_path_factory.mktemp("pictures"), COUNT, SIDE)


def listed(images: object) -> ImageSet:
    found = images_of(images)
    assert isinstance(found, ImageSet)
    return found


def test_copies_count_once(network: Network, folder: Path) -> None:
    """Of equal pixels, whatever they come as; what is audited is what is audited of the pictures themselves."""
    pictures = array(folder)[:3]
    again = [*pictures, Image.fromarray(pictures[1]), torch.from_numpy(pictures[1] / 255).permute(2, 0, 1)]
    result = audited(network, images_of(again), 200)
    assert result.data.count == 3
    assert {copy.same for copy in result.data.duplicates} == {"pixels"}
    assert {copy.path for copy in result.data.duplicates} | {copy.of for copy in result.data.duplicates} == {
        "1", "3", "4"
    }  # fmt: skip
    assert result.data.found == 5
    assert (
        {image.sha256 for image in result.data.images}
        == {image.sha256 for image in audited(network, images_of(pictures), 200).data.images}
    )  # fmt: skip


def test_files_of_equal_bytes_are_copies_by_their_bytes(
    network: Network, folder: Path, tmp_path: Path
) -> None:
    shutil.copy(folder / "0000.png", tmp_path / "copy.png")
    result = audited(network, images_of([folder / "0000.png", tmp_path / "copy.png", folder / "0001.png"]))
    assert [copy.same for copy in result.data.duplicates] == ["bytes"]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pillows_images_are_turned_upright_as_files_are(
    network: Network, tmp_path: Path, orientation: int
) -> None:
    """By EXIF, once: what Pillow has turned already says so no more. The user's image stays as it is."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    (tmp_path / "a.jpg").write_bytes(encoded(noise(24, 20), "JPEG", exif=exif.tobytes(), quality=95))
    with Image.open(tmp_path / "a.jpg") as image:
        assert rows(audited(network, images_of([image]))) == rows(audited(network, tmp_path))
        assert image.size == (24, 20)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "CMYK", "1"])
def test_pillows_modes_become_rgb_as_in_files(network: Network, tmp_path: Path, mode: str) -> None:
    """Alpha on white, palettes and grey as they look."""
    picture = noise(24, 20).convert(mode)
    if mode in ("LA", "RGBA"):
        picture.putalpha(noise(24, 20, 1).convert("L"))
    picture.save(tmp_path / ("a.tif" if mode == "CMYK" else "a.png"))
    assert rows(audited(network, images_of([picture]))) == rows(audited(network, tmp_path))


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (Image.new("I;16", (20, 20)), "pixel format I;16"),
        (Image.new("F", (20, 20)), "pixel format F"),
    ],
)
def test_pillows_images_that_are_refused(network: Network, image: Image.Image, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        audited(network, images_of([image]))


def test_pictures_that_cannot_be_read_end_the_run_or_are_replaced(
    network: Network, folder: Path, tmp_path: Path
) -> None:
    """A truncated file behind a Pillow image, and a data set that raises: named, or left out and counted."""
    broken = tmp_path / "broken.png"
    broken.write_bytes((folder / "0002.png").read_bytes()[:200])
    good = [Image.fromarray(each) for each in array(folder)]

    class Failing(Pictures):
        def __getitem__(self, index: int) -> object:
            if index == 2:
                raise KeyError("no such row")
            return super().__getitem__(index)

    with Image.open(broken) as image:
        images = [*good[:2], image, *good[3:]]
        for items, what, why in (
            (images, "a list of 7 pictures", "it cannot be loaded"),
            (Failing(good), "the data set Failing", "asking for it raised KeyError: 'no such row'"),
        ):
            with pytest.raises(InputError, match=f"cannot use image '2' of {what}: {why}") as caught:
                audited(network, images_of(items), 200)
            assert 'on_bad_image="skip"' in caught.value.remedy
            result = audited(network, images_of(items), 200, on_bad_image="skip")
            assert [item.path for item in result.data.refused] == ["2"]
            assert result.data.count == 6
            assert warnings(result)[-1] == "1 picture was refused; data.refused lists them"


def test_chance_in_a_data_set_is_refused(network: Network, folder: Path) -> None:
    """Every other time it mirrors: the picture that was hashed is not the one that was shown."""

    class Mirrored(Pictures):
        def __getitem__(self, index: int) -> object:
            picture = super().__getitem__(index)
            assert isinstance(picture, torch.Tensor)
            return picture.flip(-1) if self.asked.count(index) % 2 else picture

    with pytest.raises(
        InputError, match=r"item [0-6] of the data set Mirrored is another picture each time"
    ) as caught:
        audited(network, images_of(Mirrored(tensor(folder))))
    assert "RandomHorizontalFlip" in caught.value.remedy


class Alone(Pictures):
    """Notices who asks, and that nobody else does meanwhile: it may be one that reads an open file."""

    def __init__(self, items: Sequence[object]) -> None:
        super().__init__(items)
        self.inside = threading.Lock()
        self.threads: set[int] = set()

    def __getitem__(self, index: int) -> object:
        assert self.inside.acquire(blocking=False)
        self.threads.add(threading.get_ident())
        time.sleep(0.002)  # so that others would come in
        self.inside.release()
        return super().__getitem__(index)


def test_a_data_set_is_asked_by_one_thread(
    folder: Path, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of those that read ahead; other pictures are read by several, one at a time."""
    monkeypatch.setattr(source, "decoding_workers", lambda: 4)
    data_set = Alone(tensor(folder))
    for images in (data_set, DataLoader(data_set)):
        data_set.threads.clear()
        assert len(list(iter_pixels(listed(images), network.input))) == COUNT
        assert len(data_set.threads) == 1
    data_set.threads.clear()
    for item in iter_pixels(listed(data_set), network.input, workers=4):
        assert isinstance(item, LoadedImage), item
    assert len(data_set.threads) > 1


def test_an_array_is_never_read_as_a_whole(network: Network, folder: Path) -> None:
    """As one that lies in a file does not fit into memory: it has a shape, a type and items, and no more."""

    class OnDisk:
        values = array(folder)
        shape, dtype = values.shape, values.dtype

        def __len__(self) -> int:
            return len(self.values)

        def __getitem__(self, index: int) -> np.ndarray:
            assert isinstance(index, int)
            return self.values[index]

    assert rows(audited(network, images_of(OnDisk()))) == rows(audited(network, folder))


def test_floats_between_levels_are_rounded_and_a_note_says_so(network: Network, folder: Path) -> None:
    """Level k + 0.4 is k; k/255 in any float type needs no note, and bfloat16 always has one."""
    exact = tensor(folder) / 255
    between = ((tensor(folder).double().clamp(max=254) + 0.4) / 255)[:3]
    result = audited(network, images_of(between))
    assert result.data.notes == (
        "3 of 3 pictures had floats between the 256 levels of 8 bits, and were rounded",
    )
    assert "had floats between the 256 levels" in in_full(result)
    assert rows(result) == rows(audited(network, images_of(tensor(folder).clamp(max=254)[:3])))
    for kept in (exact, exact.half(), exact.double()):
        assert audited(network, images_of(kept), 2).data.notes == ()
    assert audited(network, images_of(exact.bfloat16()), 2).data.notes


def test_rows_are_kept_by_pixels_and_of_files_by_bytes(folder: Path, tmp_path: Path) -> None:
    """A list of files shares them with its folder; a tensor with the same pictures of Pillow, and not with files."""
    network = replace(small_conv_net(size=16), source="timm")
    cached = [
        audited(network, images_of(images), cache=tmp_path).timing.cached
        for images in (
            folder,
            sorted(folder.iterdir()),
            tensor(folder),
            [Image.fromarray(each) for each in array(folder)],
        )
    ]
    assert cached == [0, 5, 0, 5]


def test_ready_pictures_are_shown_as_they_are(network: Network, folder: Path) -> None:
    """No resizing to 20 and no cropping of 16: what the network is shown are the bytes of the tensor."""
    wide = replace(network, input=replace(network.input, resize=20))
    squares = torch.stack([each[:, 2:18, 2:18] for each in tensor(folder)])
    images, settings = prepared_images(squares, wide.input, ready=True)
    result = audited(replace(wide, input=settings), images)
    assert result.model.input.resize == 16
    assert rows(result) == rows(audited(network, images_of(squares)))
    folder_images, _ = prepared_images(folder, wide.input, ready=True)
    with pytest.raises(InputError, match=r"is 20 × 20 .* ready=True"):
        audited(replace(wide, input=settings), folder_images)
    gallery = make_gallery(result, wide, GalleryOptions(count=2, folder=images_of(squares), device="cpu"))
    assert len(gallery.pictures) == 2


def test_data_sets_of_torchvision(network: Network, folder: Path, tmp_path: Path) -> None:
    """The transform of validation gives the folder's rows; what trains, and what is normalised, is refused."""
    wide = replace(network, input=replace(network.input, resize=18))
    shutil.copytree(folder, tmp_path / "class")
    resize, crop = transforms.Resize(18), transforms.CenterCrop(16)
    found = {}
    for name, transform in {
        "validation": transforms.Compose([resize, crop, transforms.ToTensor()]),
        "normalised": transforms.Compose(
            [resize, crop, transforms.ToTensor(), transforms.Normalize(MEAN, STD)]
        ),
        "training": transforms.Compose([transforms.RandomResizedCrop(16), transforms.ToTensor()]),
    }.items():
        loader = DataLoader(ImageFolder(str(tmp_path), transform), batch_size=4, shuffle=True)
        images, settings = prepared_images(loader, wide.input, ready=True)
        found[name] = images, replace(wide, input=settings)
    images, as_it_is = found["validation"]
    assert audited(as_it_is, images).results == audited(wide, folder).results
    with pytest.raises(InputError, match="of the data set ImageFolder has floats from -"):
        audited(found["normalised"][1], found["normalised"][0])
    with pytest.raises(InputError, match="of the data set ImageFolder is another picture each time"):
        audited(found["training"][1], found["training"][0])


def test_copies_of_other_bytes_are_told_by_their_pixels(
    network: Network, folder: Path, tmp_path: Path
) -> None:
    """A bitmap of a PNG, both named one by one; also in a search, which is shown either once."""
    Image.open(folder / "0003.png").save(tmp_path / "again.bmp")
    files = images_of([*sorted(folder.iterdir()), tmp_path / "again.bmp"])
    for discover in (None, "permutation"):
        result = audited(network, files, 200, controls=ControlOptions(0, discover=discover))
        assert result.data.count == COUNT
        (copy,) = result.data.duplicates
        assert {Path(copy.path).name, Path(copy.of).name} == {"0003.png", "again.bmp"}
        assert copy.same == "pixels"


def test_results_say_where_pictures_were(network: Network, folder: Path, tmp_path: Path) -> None:
    """Also when they are read again; the page names them, and no path is cut at its end."""
    for images, kind, root in (
        (folder, "folder", str(folder)),
        (sorted(folder.iterdir()), "files", "a list of 7 files"),
        (tensor(folder), "memory", "a tensor of 7 pictures, 20 × 20"),
        (array(folder)[:1], "memory", "an array of 1 picture, 20 × 20"),
        (Pictures(array(folder)), "memory", "the data set Pictures"),
    ):
        result = audited(network, images_of(images))
        assert (result.data.source, result.data.root) == (kind, root)
        write_result(result, tmp_path / "r.json")
        assert read_result(tmp_path / "r.json") == result
        assert f"of {folder.name if kind == 'folder' else root} ·" in printed(result)


def test_a_draw_of_pictures_in_memory_is_known_again(network: Network, folder: Path) -> None:
    """As tracks and resumed runs ask: the same pictures, and not a folder of them or other ones."""
    data = audited(network, images_of(tensor(folder))).data
    assert holds_same_draw(DataOptions(images_of(list(array(folder))), 5), data)
    assert not holds_same_draw(DataOptions(images_of(tensor(folder).flip(0)), 5), data)
    assert not holds_same_draw(DataOptions(folder, 5), data)


def test_next_steps_name_no_command_for_pictures_that_it_cannot_have(network: Network, folder: Path) -> None:
    """Keywords of Python in place of options."""
    trained = network.weights.origin
    assert trained == "random"
    few = audited(network, images_of(tensor(folder)))
    without = 'without load_model(…, weights="random"), or load_model(…, checkpoint=Path("FILE"))'
    assert next_step(few) == f"audit trained weights: {without}"
    weights = few.model.weights.model_copy(update={"origin": "file"})
    found = few.model_copy(update={"model": few.model.model_copy(update={"weights": weights})})
    assert next_step(found) == (
        "audit at least 20 images, better 200; a tensor of 7 pictures, 20 × 20 has 7: samples=7"
    )
    assert audited(network, images_of(tensor(folder)), samples=7).data.count == 7


def test_pictures_are_shown_again_where_they_are_at_hand(
    network: Network, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From memory, or from files below the current folder; else one sentence says why not."""
    pictures = images_of(tensor(folder))
    result = audited(network, pictures)
    assert make_gallery(result, network, GalleryOptions(device="cpu")).warnings == (
        "no pictures in the gallery: those of a tensor of 7 pictures, 20 × 20 were in memory, and in no file",
    )
    again = make_gallery(result, network, GalleryOptions(count=2, folder=listed(pictures), device="cpu"))
    assert (len(again.pictures), again.warnings) == (2, ())
    fewer = make_gallery(result, network, GalleryOptions(folder=listed(tensor(folder)[:1]), device="cpu"))
    assert "it is not among these pictures" in fewer.warnings[0]
    monkeypatch.chdir(folder)
    files = audited(network, images_of(sorted(path.name for path in folder.iterdir())))
    assert len(make_gallery(files, network, GalleryOptions(count=2, device="cpu")).pictures) == 2
    far = audited(network, images_of(sorted(folder.iterdir())))
    assert (
        "its path leaves the current folder"
        in make_gallery(far, network, GalleryOptions(device="cpu")).warnings[0]
    )


@pytest.mark.gpu
def test_tensors_on_a_gpu_are_copied_picture_by_picture(network: Network, folder: Path) -> None:
    """Bytes and floats; the rows are those of the same tensor on the CPU."""
    for images in (tensor(folder), tensor(folder) / 255):
        assert rows(audited(network, images_of(images.cuda()))) == rows(audited(network, images_of(images)))
