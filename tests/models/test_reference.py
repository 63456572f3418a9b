"""MODEL arguments: every form, what it leads to, and what is refused."""

from pathlib import Path

import pytest

from geed_cli.errors import InputError
from geed_cli.models.load import known_models
from geed_cli.models.requested import Reference, parse_arch, parse_reference
from geed_cli.models.spec_files import spec_directory


def test_names_of_libraries() -> None:
    """A prefix decides; the id of a network, as printed, is read like the prefix form."""
    assert parse_reference("timm:resnet50.a1_in1k") == Reference("timm", "resnet50.a1_in1k")
    assert parse_reference("timm/resnet50.a1_in1k") == Reference("timm", "resnet50.a1_in1k")
    assert parse_reference("torchvision:vgg11/DEFAULT") == Reference("torchvision", "vgg11/DEFAULT")
    assert parse_reference("torchvision/vgg11/DEFAULT") == Reference("torchvision", "vgg11/DEFAULT")
    assert parse_reference("hf-hub:timm/resnet18.a1_in1k") == Reference(
        "timm", "hf-hub:timm/resnet18.a1_in1k"
    )
    assert parse_reference("hf-hub:org/name@refs/pr/3") == Reference("timm", "hf-hub:org/name@refs/pr/3")
    assert parse_reference("transformers:org/name@v1") == Reference("transformers", "org/name@v1")
    assert parse_reference("open_clip/ViT-B-16/openai") == Reference("open_clip", "ViT-B-16/openai")
    assert parse_reference("torchhub:owner/name@v1:entry") == Reference("torchhub", "owner/name@v1:entry")


def test_a_bare_name_is_a_spec_before_it_is_a_timm_name(tmp_path: Path) -> None:
    """resnet50 is both: the spec wins, and the user's spec over the bundled one."""
    assert parse_reference("resnet50") == Reference("spec", "resnet50", spec_directory() / "resnet50.yaml")
    assert parse_reference("resnet18.a1_in1k") == Reference("timm", "resnet18.a1_in1k")
    mine = tmp_path / "resnet18.yaml"
    mine.write_text("")
    assert parse_reference("resnet18", tmp_path) == Reference("spec", "resnet18", mine)


def test_files(tmp_path: Path) -> None:
    """The suffix says spec or checkpoint; any other existing file is read as a spec."""
    for name in ("a.yaml", "a.yml", "a.txt", "a.pt", "a.pth", "a.bin", "a.safetensors", "a.ckpt", "a.tar"):
        path = tmp_path / name
        path.write_text("")
        kind = "spec" if name in ("a.yaml", "a.yml", "a.txt") else "checkpoint"
        assert parse_reference(str(path)) == Reference(kind, "a", path)


def test_architectures() -> None:
    """--arch takes a timm name even where a spec has that name, and never a spec."""
    assert parse_arch("resnet50") == Reference("timm", "resnet50")
    assert parse_arch("torchvision:resnet50") == Reference("torchvision", "resnet50")
    with pytest.raises(InputError, match="'hf-hub:a/b' is not an architecture"):
        parse_arch("hf-hub:a/b")


@pytest.mark.parametrize(
    ("text", "found", "hint"),
    [
        ("resnet5O", "no model 'resnet5O'", "nearest are resnet50"),
        ("efficientnet_lite_0", "no model", "efficientnet_lite0"),
        ("qqqqqqqqqqq", "no model 'qqqqqqqqqqq'", "geed ls specs"),
        (
            "facebook/dino",
            "no model 'facebook/dino', and no file",
            "hf-hub:facebook/dino (timm) or transformers:facebook/dino",
        ),
        ("transformer:org/name", "'transformer:org/name' names no model", "transformers:org/name"),
        ("transformers:name", "'transformers:name' names no model", "transformers:org/name"),
        ("hf-hub:org/name@", "'hf-hub:org/name@' names no model", "hf-hub:org/name"),
        ("openclip:ViT-B-16", "'openclip:ViT-B-16' names no model", "open_clip:NAME/TAG"),
        ("tim:resnet50", "'tim:resnet50' names no model", "timm:NAME"),
        ("hf-hub:resnet50", "'hf-hub:resnet50' names no model", "hf-hub:org/name"),
        ("timm:", "'timm:' names no model", "timm:NAME"),
    ],
)
def test_refused_names(text: str, found: str, hint: str) -> None:
    """Every refusal offers the nearest right form."""
    with pytest.raises(InputError) as error:
        parse_reference(text)
    assert error.value.exit_code == 2
    assert error.value.found.startswith(found)
    assert hint in str(error.value)


@pytest.mark.parametrize("path", [r"C:\runs\net.yaml", "d:/runs/net.safetensors"])
def test_the_letter_of_a_drive_is_no_library(path: str) -> None:
    """A path of Windows that leads nowhere is a missing file."""
    with pytest.raises(InputError) as error:
        parse_reference(path)
    assert error.value.found.startswith("there is no file ")


def test_a_missing_file_names_its_neighbours(tmp_path: Path) -> None:
    """A typing error in a path is the usual reason."""
    (tmp_path / "model_a.yaml").write_text("")
    with pytest.raises(InputError) as error:
        parse_reference(str(tmp_path / "model_b.yaml"))
    assert error.value.found == f"there is no file {tmp_path / 'model_b.yaml'}"
    assert "model_a.yaml" in error.value.expected


def test_known_models_are_references() -> None:
    """What `geed ls models` lists can be given as a MODEL."""
    names = known_models()
    assert "timm:resnet50.a1_in1k" in names
    assert "torchvision:resnet50/IMAGENET1K_V1" in names
    assert all(parse_reference(name).path is None for name in (names[0], names[-1]))
