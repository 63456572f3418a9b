"""``local-dir:PATH``: folders as timm saves them, and the weights of a folder in one file or several."""

import hashlib
import json
from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import load_file, save_file
from support.command import Geed, geed
from support.pictures import smooth_pictures
from timm.models import save_for_hf

from geed_cli.checkpoints.file_hash import file_sha256
from geed_cli.errors import GeedError, InputError
from geed_cli.models.load import load_model
from geed_cli.models.sources.folder_weights import folder_weights
from geed_cli.models.sources.model_folder import ModelFolder
from geed_cli.models.write_spec import starting_spec

__all__ = ["geed"]
pytestmark = pytest.mark.usefixtures("read_in_this_process")
NET = "test_resnet"


@pytest.fixture
def timm_folder(tmp_path: Path) -> Path:
    """A small network with classes of its own, saved by timm."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        model = timm.create_model(NET, num_classes=7)
    save_for_hf(model, tmp_path / "net", model_config={"num_classes": 7}, safe_serialization=True)
    return tmp_path / "net"


def test_a_folder_of_timms_is_what_timm_makes_of_it(timm_folder: Path) -> None:
    """Weights, classes and preprocessing as by timm's own ``local-dir:``."""
    network = load_model(f"local-dir:{timm_folder}")
    theirs = timm.create_model(f"local-dir:{timm_folder}", pretrained=True).eval()
    pictures = torch.rand(2, 3, network.input.size, network.input.size)
    with torch.inference_mode():
        torch.testing.assert_close(network.module(pictures), theirs(pictures), rtol=0, atol=0)
    assert network.output.shape == (7,)
    assert network.id == f"timm/{NET}:net"
    file = timm_folder / "model.safetensors"
    assert (network.weights.detail, network.weights.sha256) == (str(file), file_sha256(file))
    own = timm.data.resolve_model_data_config(theirs)
    assert (network.input.size, network.input.mean) == (own["input_size"][1], tuple(own["mean"]))


def test_weights_that_torch_saved(timm_folder: Path) -> None:
    """``pytorch_model.bin`` is read as checkpoints are, and means the same network."""
    before = load_model(f"local-dir:{timm_folder}").weights.state_sha256
    torch.save(load_file(timm_folder / "model.safetensors"), timm_folder / "pytorch_model.bin")
    (timm_folder / "model.safetensors").unlink()
    network = load_model(f"local-dir:{timm_folder}")
    assert network.weights.state_sha256 == before
    assert network.weights.detail.endswith("pytorch_model.bin")


def test_a_spec_may_name_a_folder_beside_itself(timm_folder: Path, tmp_path: Path) -> None:
    """A relative path is looked up beside the spec; what --write-spec writes loads the same from anywhere."""
    spec = tmp_path / "mine.yaml"
    spec.write_text("model: {source: timm, name: 'local-dir:net'}\nweights: {origin: pretrained}\n")
    network = load_model(str(spec))
    assert network.weights.detail == str(timm_folder / "model.safetensors")
    written = tmp_path / "elsewhere" / "written.yaml"
    written.parent.mkdir()
    written.write_text(starting_spec(load_model(f"local-dir:{timm_folder}")))
    assert load_model(str(written)).weights.state_sha256 == network.weights.state_sha256


@pytest.mark.heavy
def test_audited_and_inspected(
    geed: Geed, timm_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the command line, by a path from here; random weights of the same folder are other ones."""
    monkeypatch.chdir(tmp_path)
    photos = smooth_pictures(tmp_path / "photos", 3, 40)
    done = geed("audit", "local-dir:net", "-d", photos, "--json", "result.json", "--metric", "latent.l2")
    assert done.exit_code == 0, done.stderr
    model = json.loads((tmp_path / "result.json").read_text())["model"]
    assert model["weights"]["detail"] == str(timm_folder / "model.safetensors")
    assert "7 logits" in geed("inspect", "local-dir:net").stdout
    random = load_model("local-dir:net", weights="random")
    assert random.weights.state_sha256 != model["weights"]["state_sha256"]
    assert random.output.shape == (7,)


def error_of(reference: str) -> GeedError:
    with pytest.raises(GeedError) as error:
        load_model(reference)
    return error.value


def test_what_is_no_folder_of_a_model(geed: Geed, timm_folder: Path, tmp_path: Path) -> None:
    """Exit code 2, each with what it is."""
    (tmp_path / "file").write_text("x")
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "there is none of that name" in error_of(f"local-dir:{tmp_path / 'nothing'}").found
    assert "it is a file" in error_of(f"local-dir:{tmp_path / 'file'}").found
    assert "has no config.json" in error_of(f"local-dir:{empty}").found
    for content, found in (
        ("{", "config.json of local-dir:"),
        ('{"a": 1, "a": 2}', "it says a key twice"),
        ("{}", "names no architecture (timm) and no model_type (Hugging Face)"),
        ('{"architecture": "resnet51"}', "no network 'resnet51'"),
    ):
        (empty / "config.json").write_text(content)
        error = error_of(f"local-dir:{empty}")
        assert found in error.found
        assert error.exit_code == 2
    (timm_folder / "model.safetensors").unlink()
    assert "has no model.safetensors and no pytorch_model.bin" in error_of(f"local-dir:{timm_folder}").found
    typed = geed("inspect", timm_folder)
    assert typed.exit_code == 2
    assert f"geed inspect local-dir:{timm_folder}" in typed.stderr


# Several files ------------------------------------------------------------------------------------------------------

STATE = {f"w{number}": torch.full((2, 3), float(number)) for number in range(4)}
FIRST, SECOND = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
PLACES = {"w0": FIRST, "w1": FIRST, "w2": SECOND, "w3": SECOND}


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    """Four tensors in two files and their index."""
    for name in (FIRST, SECOND):
        save_file({key: STATE[key] for key, place in PLACES.items() if place == name}, tmp_path / name)
    write_index(tmp_path, PLACES)
    return tmp_path


def write_index(folder: Path, places: object) -> None:
    index = {"metadata": {}, "weight_map": places}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def of(folder: Path) -> ModelFolder:
    return ModelFolder(f"local-dir:{folder}", local=folder)


def test_weights_in_several_files(shards: Path) -> None:
    """All tensors; the hash is that of what sha256sum prints of the files, so that it can be checked."""
    read = folder_weights(of(shards))
    assert set(read.state) == set(STATE)
    assert all(torch.equal(read.state[name], value) for name, value in STATE.items())
    lines = "".join(
        f"{hashlib.sha256((shards / name).read_bytes()).hexdigest()}  {name}\n" for name in (FIRST, SECOND)
    )
    assert read.sha256 == hashlib.sha256(lines.encode()).hexdigest()
    assert read.notes == (f"weights in 2 files: {FIRST}, {SECOND}",)


def test_several_files_that_torch_saved(shards: Path) -> None:
    """The other kind of index, whose files are read as checkpoints are."""
    names = {FIRST: "pytorch_model-00001-of-00002.bin", SECOND: "pytorch_model-00002-of-00002.bin"}
    for old, new in names.items():
        torch.save(load_file(shards / old), shards / new)
        (shards / old).unlink()
    (shards / "model.safetensors.index.json").unlink()
    index = {"weight_map": {key: names[place] for key, place in PLACES.items()}}
    (shards / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    read = folder_weights(of(shards))
    assert all(torch.equal(read.state[name], value) for name, value in STATE.items())


def refusal(folder: Path) -> InputError:
    with pytest.raises(InputError) as error:
        folder_weights(of(folder))
    return error.value


@pytest.mark.parametrize(
    "place",
    [
        "../other.safetensors",
        "/etc/passwd",
        "a/b.safetensors",
        "..\\b.safetensors",
        ".safetensors",
        "a.pkl",
        "",
        3,
    ],
)
def test_an_index_cannot_leave_its_folder(shards: Path, place: object) -> None:
    """A name with a separator, no name, another kind of file: nothing is opened."""
    write_index(shards, PLACES | {"w0": place})
    assert "which is no file of its folder" in refusal(shards).found


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"weight_map": {}}', '{"weight_map": [1]}'])
def test_an_index_that_is_none(shards: Path, content: str) -> None:
    (shards / "model.safetensors.index.json").write_text(content)
    assert "the index" in refusal(shards).found


def test_an_index_that_says_a_tensor_twice(shards: Path) -> None:
    text = f'{{"weight_map": {{"w0": "{FIRST}", "w0": "{SECOND}"}}}}'
    (shards / "model.safetensors.index.json").write_text(text)
    assert "it says a key twice" in refusal(shards).found


def test_files_that_do_not_belong_to_their_index(shards: Path) -> None:
    """A missing file, one too many, a tensor that is in two, one that is in none."""
    third = shards / "model-00003-of-00003.safetensors"
    save_file({"w9": torch.ones(1)}, third)
    assert f"the index does not name {third.name}" in refusal(shards).found
    third.unlink()
    save_file({"w2": STATE["w2"], "w3": STATE["w3"], "w0": STATE["w0"]}, shards / SECOND)
    assert "the file holds w0, which the index places elsewhere or nowhere" in refusal(shards).found
    save_file({"w2": STATE["w2"]}, shards / SECOND)
    assert "the index places w3 here, and the file lacks them" in refusal(shards).found
    (shards / SECOND).unlink()
    assert f"has no {SECOND}" in refusal(shards).found
