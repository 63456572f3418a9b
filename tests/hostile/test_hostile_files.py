"""One hostile file for each reason of refusal: its message, its exit code, and no canary."""

import os
import re
from pathlib import Path

import pytest
from hostile_checkpoints import DAMAGED, SAFETENSORS, Hostile
from hostile_documents import DOCUMENTS, PICTURES, RESULTS, HostileText
from support.pictures import open_images
from support.results import small_result
from torch import nn

from geed_cli.checkpoints.fingerprint import state_sha256
from geed_cli.checkpoints.loading import KeyRules, load_checkpoint
from geed_cli.cli.guard import explain
from geed_cli.errors import GeedError, InputError
from geed_cli.images.decode import read_picture
from geed_cli.images.picture import ImageRefused, RefusedFile
from geed_cli.images.source import iter_pixels, unusable
from geed_cli.input_settings import InputSettings
from geed_cli.models.load import load_model
from geed_cli.result.file import read_result, to_strict_json

pytestmark = pytest.mark.usefixtures("read_in_this_process")
SETTINGS = InputSettings(8, 8, "bilinear", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


def require_refusal(error: GeedError, says: str, canary: Path) -> None:
    """The words, exit code 2, a message that a terminal can show, and nothing that ran."""
    message, code = explain(error)
    assert re.search(says, error.found), error.found
    assert code == 2
    assert message.isascii() or message.encode()
    assert "\x1b" not in message
    assert len(message) < 3000
    assert not canary.exists()


@pytest.mark.parametrize("hostile", DAMAGED, ids=lambda hostile: hostile.name)
def test_checkpoints(tmp_path: Path, hostile: Hostile) -> None:
    """torch.save files; the network is left as it was."""
    _check_checkpoint(tmp_path, hostile)


@pytest.mark.parametrize("hostile", SAFETENSORS, ids=lambda hostile: hostile.name)
def test_safetensors(tmp_path: Path, hostile: Hostile) -> None:
    """Safetensors files; the network is left as it was."""
    _check_checkpoint(tmp_path, hostile)


def _check_checkpoint(folder: Path, hostile: Hostile) -> None:
    path, canary = folder / "net.pt", folder / "canary"
    hostile.write(path, canary)
    net = nn.Linear(3, 2)
    before = state_sha256(net)
    with pytest.raises(InputError) as error:
        load_checkpoint(net, path, KeyRules())
    require_refusal(error.value, hostile.says, canary)
    assert state_sha256(net) == before


@pytest.mark.parametrize("hostile", DOCUMENTS, ids=lambda hostile: hostile.name)
def test_specs(tmp_path: Path, hostile: HostileText) -> None:
    """YAML that people would hand on with a checkpoint."""
    path, canary = tmp_path / "spec.yaml", tmp_path / "canary"
    path.write_text(hostile.text(canary))
    with pytest.raises(InputError) as error:
        load_model(str(path))
    require_refusal(error.value, hostile.says, canary)


@pytest.mark.parametrize(("name", "make", "says"), RESULTS, ids=[name for name, _, _ in RESULTS])
def test_saved_results(tmp_path: Path, name: str, make: object, says: str) -> None:
    """JSON from somebody else's run."""
    del name
    path = tmp_path / "r.json"
    path.write_text(make(to_strict_json(small_result())))  # type: ignore[operator]
    with pytest.raises(InputError) as error:
        read_result(path)
    require_refusal(error.value, says, tmp_path / "canary")


@pytest.mark.skipif(os.name != "posix", reason="POSIX file kinds")
def test_saved_results_are_regular_files(tmp_path: Path) -> None:
    """A pipe does not block and a device is not read."""
    os.mkfifo(tmp_path / "pipe.json")
    for path in (tmp_path / "pipe.json", Path("/dev/zero"), tmp_path):
        with pytest.raises(InputError, match="a folder, a pipe or a device"):
            read_result(path)


@pytest.mark.parametrize(("name", "make", "says"), PICTURES, ids=[name for name, _, _ in PICTURES])
def test_pictures(tmp_path: Path, name: str, make: object, says: str) -> None:
    """Refused with a reason; as a part of a folder they are named by the error, exit code 2, or counted."""
    del name
    path = tmp_path / "a.png"
    path.write_bytes(make())  # type: ignore[operator]
    with pytest.raises(ImageRefused, match=says):
        read_picture(path)
    (item,) = iter_pixels(open_images(tmp_path, 10, 0), SETTINGS)
    assert isinstance(item, RefusedFile)
    assert re.search(says, item.reason)
    assert explain(unusable("photos", [item]))[1] == 2
