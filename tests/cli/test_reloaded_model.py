"""The network of a saved result, loaded again by what the result keeps: for galleries of files alone."""

from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save_file
from support.command import Geed
from support.pictures import smooth_pictures
from support.results import small_result

from geed_cli.cli.run.reloaded_model import gallery_of, reloaded
from geed_cli.errors import InputError
from geed_cli.models.load import load_model
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.options import AuditOptions, DataOptions, RunOptions
from geed_cli.result.file import read_result
from geed_cli.result.schema import Result
from geed_cli.tracking.track_file import read_track

SMALL = ("--img-size", "32", "--device", "cpu", "--no-cache", "--metric", "latent.l2")


def with_model(result: Result, **changed: object) -> Result:
    return result.model_copy(update={"model": result.model.model_copy(update=changed)})


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return smooth_pictures(tmp_path_factory.mktemp("photos"), 3, 32)


@pytest.fixture
def result(geed: Geed, photos: Path, tmp_path: Path) -> Result:
    """Of random weights, named with two options, under a group of a file and a set."""
    group = tmp_path / "pinwheel.yaml"
    group.write_text("name: pinwheel\ngenerators: [{turn: 180, colour: bgr}]\n")
    file = tmp_path / "r.json"
    words = ("audit", "timm:test_resnet", "--weights", "random", "--seed", "3", *SMALL, "-d", photos)
    done = geed(*words, "-g", f"flip,{group}", "--set", "jpeg:30", "--json", file)
    assert done.exit_code == 0, done.stderr
    return read_result(file)


def test_a_gallery_of_a_file_alone(result: Result) -> None:
    """The model's words and options, pictures, groups of files and sets are found where the command had them."""
    assert result.model.typed[0] == "timm:test_resnet"
    assert "3" in result.model.typed
    gallery = gallery_of(result, 2)
    assert gallery.warnings == ()
    assert [group.group for group in gallery.groups] == ["flip", "pinwheel", "jpeg:30"]
    assert gallery.grid is not None
    assert len(gallery.groups[0].pictures) == 2


def test_other_weights_are_refused(result: Result) -> None:
    """The words lead to something else by now: both hashes are named."""
    changed = [word if word != "3" else "4" for word in result.model.typed]
    with pytest.raises(
        InputError, match=r"test_resnet has the weights .*…, and the result is of timm/test_resnet"
    ):
        reloaded(with_model(result, typed=tuple(changed)))


@pytest.mark.usefixtures("read_in_this_process")
def test_each_checkpoint_of_a_track(geed: Geed, photos: Path, tmp_path: Path) -> None:
    """Its own file, whatever the track was called with."""
    for step in (1, 2):
        torch.manual_seed(step)
        save_file(timm.create_model("test_resnet").state_dict(), tmp_path / f"step_{step}.safetensors")
    track = tmp_path / "track.json"
    words = ("track", tmp_path / "step_*.safetensors", "--arch", "timm:test_resnet", *SMALL, "-d", photos)
    done = geed(*words, "--json", track)
    assert done.exit_code == 0, done.stderr
    for step, record in enumerate(read_track(track).records, start=1):
        network = reloaded(record.result)
        assert network.weights.detail.endswith(f"step_{step}.safetensors")


@pytest.mark.usefixtures("read_in_this_process")
def test_a_result_cannot_allow_code(result: Result, tmp_path: Path) -> None:
    """Neither a spec's code nor a pickle: what a stranger's result says of itself is not asked."""
    ran = tmp_path / "ran"
    (tmp_path / "net.py").write_text(f"open({str(ran)!r}, 'w')\n")
    spec = tmp_path / "net.yaml"
    spec.write_text("model: {source: python, name: 'net.py:net'}\nweights: {origin: random}\n")
    with pytest.raises(InputError, match="--allow-code"):
        reloaded(with_model(result, typed=(str(spec), "--allow-code")))
    assert not ran.exists()
    pickled = tmp_path / "net.pth"
    torch.save({"weights": timm.create_model("test_resnet")}, pickled)
    with pytest.raises(InputError):
        reloaded(with_model(result, typed=(str(pickled), "--arch", "timm:test_resnet", "--allow-pickle")))


@pytest.mark.parametrize("typed", [(), ("--no-such", "x"), ("--help",), ("a", "b"), ("--seed", "x")])
def test_results_that_do_not_say(typed: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """Of an earlier version, of a network that has no name, and words that are no model's: nothing is printed."""
    with pytest.raises(InputError, match="does not say how its network is loaded"):
        reloaded(with_model(small_result(), typed=typed))
    assert capsys.readouterr().out == ""


def test_from_python_a_name_is_enough(photos: Path) -> None:
    """What ``load_model`` was given, and of published weights of an earlier version's result the id."""
    network = load_model("timm:test_resnet", weights="random")
    made = audit(
        network,
        "flip",
        AuditOptions(data=DataOptions(photos), run=RunOptions("cpu", 4), metrics=("latent.l2",)),
    )
    assert made.model.typed == ("timm:test_resnet",)
    assert made.command == ()
