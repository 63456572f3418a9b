"""What a preprocessing function does is read off it where that is possible, and done first where it is not."""

from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from support.pictures import smooth_pictures
from torch import Tensor, nn
from torchvision import transforms as v1
from torchvision.models import ResNet18_Weights
from torchvision.transforms import v2

from geed_cli import InputError, audit, wrap
from geed_cli.input_settings import InputSettings
from geed_cli.models.sources.preprocess_of import understood
from geed_cli.result.schema import Result

MEAN, STD = (0.4, 0.5, 0.6), (0.2, 0.25, 0.3)
NORMALIZE = v1.Normalize(MEAN, STD)
READ = InputSettings(24, 28, "bicubic", MEAN, STD)
BICUBIC = v1.InterpolationMode.BICUBIC


@pytest.mark.parametrize(
    ("function", "settings"),
    [
        (v1.Compose([v1.Resize(28, BICUBIC), v1.CenterCrop(24), v1.ToTensor(), NORMALIZE]), READ),
        (v1.Compose([v1.Resize(28, BICUBIC), v1.CenterCrop((24, 24)), v1.PILToTensor(),
                     v1.ConvertImageDtype(torch.float), NORMALIZE]), READ),
        (v2.Compose([v2.Resize(28, BICUBIC), v2.CenterCrop(24), v2.ToImage(), v2.ToDtype(torch.float32, scale=True),
                     v2.Normalize(MEAN, STD)]), READ),
        (v1.Compose([v1.Compose([v1.Resize((24, 24), BICUBIC), v1.ToTensor()]), NORMALIZE]),
         InputSettings(24, 24, "bicubic", MEAN, STD, "squash")),
        (ResNet18_Weights.IMAGENET1K_V1.transforms(),
         InputSettings(224, 256, "bilinear", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))),
        (timm.data.create_transform((3, 24, 24), interpolation="bicubic", mean=MEAN, std=STD, crop_pct=0.875),
         InputSettings(24, 27, "bicubic", MEAN, STD)),
    ],
)  # fmt: skip
def test_presets_and_composes_are_read(function: object, settings: InputSettings) -> None:
    assert understood(function).input == settings


@pytest.mark.parametrize(
    "function",
    [
        # tensors are resized to other digits than pictures
        v2.Compose(
            [v2.ToImage(), v2.Resize(28), v2.CenterCrop(24), v2.ToDtype(torch.float32, scale=True), NORMALIZE]
        ),
        v1.Compose([v1.Resize(28), v1.CenterCrop(24), v1.Grayscale(3), v1.ToTensor(), NORMALIZE]),
        v1.Compose([v1.Resize(20), v1.CenterCrop(24), v1.ToTensor(), NORMALIZE]),
        v1.Compose([v1.CenterCrop(24), v1.ToTensor(), NORMALIZE]),
        v1.Compose([v1.Resize(27, max_size=28), v1.CenterCrop(24), v1.ToTensor(), NORMALIZE]),
    ],
)
def test_of_others_the_normalisation_is_read(function: object) -> None:
    found = understood(function)
    assert (found.input, found.mean, found.std) == (None, MEAN, STD)
    assert found.first is not None


class Net(nn.Module):
    """Maps and scores of pictures of any size."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Conv2d(3, 6, 3, padding=1)
        self.fc = nn.Linear(6, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.body(x).relu().mean((2, 3)))


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Larger than the network's input, and not square."""
    folder = smooth_pictures(tmp_path_factory.mktemp("pictures"), 4, 40)
    for path in sorted(folder.iterdir()):
        with Image.open(path) as picture:
            picture.resize((44, 36)).save(path)
    return folder


def rows(net: object, folder: Path) -> tuple[Result, object]:
    result = audit(net, folder, ["flip", "c4"], batch_size=6, progress=False, cache=False)
    return result, result.model_dump(mode="json", include={"results"})


def test_a_function_that_is_not_read_gives_the_same_rows_as_one_that_is(pictures: Path) -> None:
    """The same steps behind a lambda: its pictures are audited as they come, normalised after G acts."""
    steps = [v1.Resize(28), v1.CenterCrop(24)]
    read = v1.Compose([*steps, v1.ToTensor(), NORMALIZE])
    hidden = v1.Compose([lambda picture: steps[1](steps[0](picture)), v1.ToTensor(), NORMALIZE])
    expected, numbers = rows(wrap(Net(), preprocess=read), pictures)
    net = wrap(Net(), preprocess=hidden)
    assert (net.input, net.preprocess is None) == (InputSettings(24, 24, "bilinear", MEAN, STD), False)
    found, others = rows(net, pictures)
    assert others == numbers
    assert found.data.images[0].path == expected.data.images[0].path
    for made in (
        lambda picture: steps[1](steps[0](picture)),
        lambda picture: np.asarray(steps[1](steps[0](picture))),
        lambda picture: v1.functional.to_tensor(steps[1](steps[0](picture))),
    ):
        _, others = rows(wrap(Net(), preprocess=made, mean=MEAN, std=STD), pictures)
        assert others == numbers


def refused(net: object, folder: Path) -> str:
    with pytest.raises(InputError) as error:
        rows(net, folder)
    return str(error.value)


def test_what_a_function_may_not_make(pictures: Path) -> None:
    """Normalised numbers, another size, another picture each time, an error; and what it may not stand beside."""
    said = {"mean": MEAN, "std": STD}
    square = v1.Resize((24, 24))

    def normalised(picture: Image.Image) -> Tensor:
        return NORMALIZE(v1.functional.to_tensor(square(picture)))

    with pytest.raises(InputError, match="which are normalised") as error:
        wrap(Net(), preprocess=normalised, **said)
    assert "the network's own mean and std come after G acts" in error.value.remedy
    text = refused(wrap(Net(), preprocess=v1.Grayscale(3), size=24, **said), pictures)
    assert "preprocess makes a picture 36 × 44 (height × width)" in text

    def noisy(picture: Image.Image) -> np.ndarray:
        return np.asarray(square(picture)) ^ np.random.default_rng().integers(
            0, 2, (24, 24, 3), dtype=np.uint8
        )

    assert "is another picture each time" in refused(wrap(Net(), preprocess=noisy, **said), pictures)

    def failing(picture: Image.Image) -> Image.Image:
        raise ValueError(f"not {picture.width}")

    assert "raised ValueError: not 44" in refused(wrap(Net(), preprocess=failing, size=24, **said), pictures)
    with pytest.raises(InputError, match="RandomResizedCrop, which makes another picture each time"):
        wrap(Net(), preprocess=v1.Compose([v1.RandomResizedCrop(24), v1.ToTensor(), NORMALIZE]))
    with pytest.raises(InputError, match="crop_pct= beside a preprocess"):
        wrap(Net(), preprocess=square, crop_pct=0.9, **said)


def test_words_for_libraries(pictures: Path) -> None:
    """Timm's description, and torchvision's preset, of any network; a size keeps the ratio."""
    network = timm.create_model("test_resnet")
    assert wrap(network, preprocess="timm").input == wrap(network).input
    net = wrap(Net(), preprocess="torchvision", size=112)
    assert net.input == InputSettings(112, 128, "bilinear", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    result, _ = rows(
        wrap(Net(), preprocess=v1.Compose([v1.Resize(28), v1.CenterCrop(24), v1.ToTensor(), NORMALIZE])),
        pictures,
    )
    assert (result.model.input.size, result.model.input.mean) == (24, MEAN)
