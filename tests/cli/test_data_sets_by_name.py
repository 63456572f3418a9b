"""Every command that takes pictures takes data sets by name, with their splits and labels, as it takes their folder."""

from pathlib import Path

import pytest
import timm
from safetensors.torch import save_file
from support.command import Geed
from support.data_sets import rows_of
from support.pages import Page
from support.pictures import smooth_pictures

import geed_cli
from geed_cli.result.file import read_result
from geed_cli.result.schema import Result
from geed_cli.tracking.track_file import read_track

ARGUMENTS = {"img_size": 16, "patch_size": 8, "depth": 1, "num_classes": 2}
SPEC = f"""
model: {{source: timm, name: test_vit, arguments: {str(ARGUMENTS).replace("'", "")}}}
weights: {{origin: random}}
input: {{size: 16, crop_pct: 1.0}}
"""
COUNT = 7
NAMES = ("torch/image_folder:set", "hfds/./rows")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a class each for odd and even pictures, and where the library is there its rows."""
    root = tmp_path_factory.mktemp("place")
    flat = smooth_pictures(root / "photos", COUNT, 20)
    for number, file in enumerate(sorted(flat.iterdir())):
        copy = root / "set" / "val" / ("cat", "dog")[number % 2] / file.name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.read_bytes())
    (root / "net.yaml").write_text(SPEC, encoding="utf-8")
    return root


@pytest.fixture(autouse=True)
def there(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest, place: Path) -> str:
    if request.param.startswith("hfds/") and not (place / "rows").exists():
        datasets = pytest.importorskip("datasets", reason="needs the extra integrations")
        datasets.DatasetDict(validation=rows_of(place / "photos")).save_to_disk(place / "rows")
    return str(request.param)


def audited(geed: Geed, data: str, *options: str, file: str = "r.json") -> Result:
    done = geed("audit", "net.yaml", "-d", data, "-g", "flip", "--floor", 0, *options, "--json", file)
    assert done.exit_code == 0, done.stderr
    return read_result(Path(file))


def test_a_data_set_shares_rows_with_its_folder(geed: Geed, name: str) -> None:
    """All pictures by their bytes, with rows of the folder's cache; the recorded command makes it again."""
    folder = audited(geed, "photos")
    words = ("--split", "valid", "--labels", "data")
    result = audited(geed, name, *words)
    assert result.timing.cached >= COUNT - 1  # rounding is measured on the first of its own draw
    assert {image.sha256 for image in result.data.images} == {image.sha256 for image in folder.data.images}
    assert (result.data.root, result.data.found) == (name, COUNT)
    assert result.data.split in {"val", "validation"}
    assert result.data.labels is not None
    number_of = {image.sha256: number for number, image in enumerate(folder.data.images)}
    assert list(result.data.labels.of) == [number_of[image.sha256] % 2 for image in result.data.images]
    assert geed(*result.command[1:]).exit_code == 0
    again = read_result(Path("r.json"))
    assert (again.results, again.accuracy, again.data) == (result.results, result.accuracy, result.data)


def test_the_page_says_which_split(geed: Geed, name: str) -> None:
    done = geed("audit", "net.yaml", "-d", name, "--floor", 0, "--samples", 3, "-v")
    words = " ".join(done.stdout.split())
    split = "val" if name.startswith("torch") else "validation"
    assert f"3 images of {name} ({split}), {COUNT} pictures found, {COUNT - 3} not drawn" in words


def test_its_pictures_are_shown_again(geed: Geed, tmp_path: Path, name: str) -> None:
    audited(geed, name, "--split", "val")
    shown = geed("report", "r.json", "--images", "2", "-o", tmp_path / "r.html")
    assert shown.exit_code == 0, shown.stderr
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "left out of the gallery" not in text
    assert len([found for found in Page(text).named("div") if found.get("class") == "slot"]) == 2


def test_sweep_plan_and_compare(geed: Geed, tmp_path: Path, name: str) -> None:
    """The same values in every command, and from Python."""
    result = audited(geed, name, file="a.json")
    done = geed(
        "sweep",
        "net.yaml",
        "-d",
        f"s={name}",
        "-g",
        "flip",
        "--floor",
        0,
        "--split",
        "val",
        "--out",
        tmp_path / "s",
    )
    assert done.exit_code == 0, done.stderr
    (cell,) = (tmp_path / "s" / "s").glob("*.json")
    assert read_result(cell).results == result.results
    assert geed("compare", "a.json", cell).exit_code == 0
    made = geed_cli.audit(
        "net.yaml",
        name,
        "flip",
        progress=False,
        options=geed_cli.AuditOptions(controls=geed_cli.ControlOptions(probes=0)),
    )
    assert made.results == result.results


def test_a_track_goes_on(geed: Geed, tmp_path: Path, name: str) -> None:
    """Its images are known again; those of other names would be drawn otherwise."""
    for step in (1, 2):
        save_file(
            timm.create_model("test_vit", **ARGUMENTS).state_dict(), tmp_path / f"step_{step}.safetensors"
        )
    base = (
        "track",
        "--model",
        "net.yaml",
        "-g",
        "flip",
        "--floor",
        0,
        "--json",
        tmp_path / "t.json",
        "-d",
        name,
    )
    first = geed(*base, tmp_path / "step_1.safetensors")
    assert first.exit_code == 0, first.stderr
    again = geed(*base, "--split", "val", tmp_path / "step_1.safetensors", tmp_path / "step_2.safetensors")
    assert again.exit_code == 0, again.stderr
    assert [record.step for record in read_track(tmp_path / "t.json").records] == [1, 2]
    other = geed(*base[:-1], "photos", tmp_path / "step_1.safetensors", tmp_path / "step_2.safetensors")
    assert other.exit_code == 2
    assert f"the 7 images of {name} that its steps were audited on" in " ".join(other.stderr.split())


def test_a_column_of_labels_without_labels_is_refused(geed: Geed) -> None:
    done = geed("audit", "net.yaml", "-d", "hfds/./rows", "--label-key", "label")
    assert done.exit_code == 2
    assert "--label-key label without --labels data" in " ".join(done.stderr.split())
