"""``geed report``, and the pages of audit, compare, check and track: what they write, and what they refuse."""

import json
import re
import shlex
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest
from support.command import Geed
from support.networks import small_conv_net
from support.pages import LITE0, Page
from support.results import result_at, save_run

from geed_cli.errors import InputError
from geed_cli.result.embedded import read_page
from geed_cli.result.file import read_result, write_result

pytestmark = pytest.mark.usefixtures("read_in_this_process")

PICTURES = (22, 16)
SAVED = Path(__file__).parents[1] / "saved"


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, and the working one, with two results of one image set."""
    monkeypatch.chdir(tmp_path)
    write_result(result_at(1), tmp_path / "before.json")
    write_result(result_at(2), tmp_path / "after.json")
    return tmp_path


def test_a_page_of_saved_results(geed: Geed, saved: Path) -> None:
    """Labels are the files' names, or what stands before ``=``; the results come out of it again."""
    done = geed("report", "before.json", "new=after.json", "-o", "report.html")
    assert done.exit_code == 0, done.stderr
    assert done.stdout == ""
    assert "wrote report.html" in done.stderr
    assert list(read_page(saved / "report.html")) == ["before", "new"]
    again = geed("report", "report.html", "-o", "again.html")
    assert again.exit_code == 0, again.stderr
    assert (saved / "again.html").read_bytes() == (saved / "report.html").read_bytes()


@pytest.mark.usefixtures("saved")
def test_pages_are_compared_as_their_results_are(geed: Geed) -> None:
    """``geed compare report.html other.html`` prints what comparing the files prints."""
    assert geed("report", "before.json", "-o", "a.html").exit_code == 0
    assert geed("report", "after.json", "-o", "b.html").exit_code == 0
    files = geed("compare", "before.json", "after.json")
    assert geed("compare", "a.html", "b.html").stdout == files.stdout
    assert geed("compare", "before=a.html", "after=b.html").stdout == files.stdout
    assert geed("report", "before.json", "after.json", "-o", "both.html").exit_code == 0
    assert geed("compare", "both.html").stdout == files.stdout


def test_compare_writes_a_page(geed: Geed, saved: Path) -> None:
    """With the differences that it prints."""
    done = geed("compare", "before.json", "after.json", "-o", "c.html")
    assert done.exit_code == 0, done.stderr
    page = Page((saved / "c.html").read_text(encoding="utf-8"))
    assert "comparison" in page.sections
    limits = re.findall(r"[-+][\d.]+ to [-+][\d.]+", done.stdout)
    assert limits
    assert all(each in page.texts["comparison"] for each in limits[:3])


@pytest.mark.heavy
def test_populations_have_a_page_of_their_differences(geed: Geed, saved: Path) -> None:
    """No single result stands for a population, so only what is said of it is shown."""
    for seed in range(3):
        save_run(saved / "cnn", (seed + 1,), seed=seed)
        save_run(saved / "other", (seed + 1,), seed=seed + 10)
    done = geed("compare", "cnn=cnn/*.json", "other=other/*.json", "-o", "p.html")
    assert done.exit_code == 0, done.stderr
    assert Page((saved / "p.html").read_text(encoding="utf-8")).sections == ["comparison", "method"]
    again = geed("report", "p.html", "-o", "again.html")
    assert again.exit_code == 0, again.stderr
    assert (saved / "again.html").read_bytes() == (saved / "p.html").read_bytes()


def test_track_writes_a_page(geed: Geed, saved: Path) -> None:
    """With a figure for each group and value that the table has."""
    save_run(saved / "run", (1, 2, 4))
    done = geed("track", *sorted((saved / "run").glob("*.json")), "-o", "t.html", "--json", "t.json")
    assert done.exit_code == 0, done.stderr
    again = geed("report", "t.html", "-o", "again.html")
    assert again.exit_code == 0, again.stderr
    assert (saved / "again.html").read_bytes() == (saved / "t.html").read_bytes()
    assert geed("track", "t.html", "-v").stdout == geed("track", "t.json", "-v").stdout != ""
    refused = geed("compare", "t.html")
    assert refused.exit_code == 2
    assert "t.html has no results that could be read: it holds track, and no result" in refused.stderr
    page = Page((saved / "t.html").read_text(encoding="utf-8"))
    assert page.sections == ["training", "method"]
    assert [found for found in page.named("svg") if found.get("role") == "img"]


@pytest.mark.parametrize(("called", "reference"), [("", "baseline"), ("baseline", "the baseline")])
def test_check_writes_a_page(geed: Geed, saved: Path, called: str, reference: str) -> None:
    """The gate's verdict above the answers, the baseline first among the models, whatever these are called."""
    for name in ("before", "after") if called else ():
        result = read_result(saved / f"{name}.json")
        model = result.model.model_copy(update={"id": called})
        write_result(result.model_copy(update={"model": model}), saved / f"{name}.json")
    (saved / "p.yaml").write_text(
        "version: 2\nrequire: {min_images: 1}\nrules:\n- {id: latent, metric: latent.l2, max: 0.001}\n"
        "baseline:\n  rules:\n  - {id: change, metric: latent.l2, max_increase: 0.5}\n",
        encoding="utf-8",
    )
    done = geed(
        "check", "after.json", "--policy", "p.yaml", "--baseline", "before.json", "-o", "g.html", "-o", "g.md"
    )
    assert done.exit_code == 1, done.stderr
    text = (saved / "g.html").read_text(encoding="utf-8")
    assert text.index("FAIL.") < text.index('id="answer"')
    inside = read_page(saved / "g.html")
    assert list(inside) == [reference, read_result(saved / "after.json").model.id]
    assert list(inside.values()) == [read_result(saved / f"{name}.json") for name in ("before", "after")]
    assert (saved / "g.md").exists()
    for name in ("before", "after"):
        assert geed("report", f"{name}.json", "-o", f"{name}.html").exit_code == 0
    pages = geed("check", "after.html", "--policy", "p.yaml", "--baseline", "before.html")
    assert pages.exit_code == 1
    assert pages.stdout.partition("next:")[0] == done.stdout.partition("next:")[0]
    several = geed("check", "g.html", "--policy", "p.yaml")
    assert several.exit_code == 2
    assert "g.html holds 2 results" in several.stderr


def test_audit_writes_a_page(
    geed: Geed, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The result on it is the one of --json, and its command is there to be run again."""
    monkeypatch.chdir(tmp_path)
    spec = tmp_path / "net.yaml"
    _small_spec(spec)
    asked = f"-g flip -g c4 -d {folder} --allow-code --samples 4 --json r.json -o r.html".split()
    done = geed("audit", spec, *asked)
    assert done.exit_code == 0, done.stderr
    [found] = read_page(tmp_path / "r.html").values()
    assert found == read_result(tmp_path / "r.json")
    method = Page((tmp_path / "r.html").read_text(encoding="utf-8")).texts["method"]
    assert f"geed audit {spec} {' '.join(asked)}" in method


def test_audit_shows_pictures_on_its_page(
    geed: Geed, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many of each group as --images says; without a page to show them on it is refused."""
    monkeypatch.chdir(tmp_path)
    _small_spec(tmp_path / "net.yaml")
    asked = f"net.yaml -g flip -g c4 -d {folder} --allow-code --samples 4 --images 3".split()
    done = geed("audit", *asked, "-o", "r.html")
    assert done.exit_code == 0, done.stderr
    page = Page((tmp_path / "r.html").read_text(encoding="utf-8"))
    assert len([found for found in page.named("div") if found.get("class") == "slot"]) == 6
    refused = geed("audit", *asked)
    assert refused.exit_code == 2
    assert "-o report.html" in refused.stderr
    assert geed("report", "r.html", "-o", "without.html").exit_code == 0
    shut = geed("report", "r.html", "--images", "3", "-o", "again.html")
    assert shut.exit_code == 2
    assert "--allow-code" in shut.stderr
    again = geed("report", "r.html", "--images", "3", "--allow-code", "-o", "again.html")
    assert again.exit_code == 0, again.stderr
    shown = [
        Page((tmp_path / name).read_text(encoding="utf-8")).texts.get("gallery")
        for name in ("r.html", "again.html", "without.html")
    ]
    assert shown[0] == shown[1]
    assert shown[2] is None


def _small_spec(path: Path) -> None:
    import torch

    network = small_conv_net()
    torch.save(network.module.state_dict(), path.with_suffix(".pt"))
    path.write_text(
        "model: {source: python, name: 'support.networks:SmallConvNet'}\n"
        f"weights: {{origin: file, path: {path.with_suffix('.pt').name}}}\n"
        "input: {size: 16, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5]}\n",
        encoding="utf-8",
    )


@pytest.mark.parametrize("kind", ["depth", "polar", "elements", "images", "layers"])
def test_single_figures(geed: Geed, tmp_path: Path, kind: str) -> None:
    """Each is an SVG file with a title and a description; a group can be chosen."""
    done = geed("report", LITE0, "--plot", kind, "--group", "c8", "-o", tmp_path / "f.svg")
    assert done.exit_code == 0, done.stderr
    root = ElementTree.parse(tmp_path / "f.svg").getroot()
    assert root.tag.endswith("svg")
    assert root[0].text
    assert root[1].text
    usual = geed("report", LITE0, "--plot", kind, "-o", tmp_path / "u.svg")
    assert usual.exit_code == 0, usual.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["x.json", "-o", "r.html"], "there is no file x.json"),
        (["before.json", "-o", "r.pdf"], "ends in .html"),
        (["before.json", "-o", "before.html/r.html"], "existing folder"),
        (["before.json", "before.json", "-o", "r.html"], "two results are called 'before'"),
        (["before.json", "-o", "r.html", "-g", "flip"], "--group without --plot"),
        (["before.json", "--plot", "depth", "-o", "r.html"], "ends in .svg"),
        (["before.json", "--plot", "depth", "-g", "flp", "-o", "r.svg"], "--group flip"),
        (["before.json", "--plot", "polar", "-g", "flip", "-o", "r.svg"], "nothing to draw"),
        (["before.json", "--allow-code", "-o", "r.html"], "without --images"),
        (["before.json", "--images", "2", "--plot", "depth", "-o", "r.svg"], "--images with --plot"),
        (["before.json", "comparison.json", "-o", "r.html"], "a saved comparison beside results"),
        (["gate.json", "--images", "2", "-o", "r.html"], "--images without a result"),
        (["notes.json", "-o", "r.html"], "no kind that geed checks"),
        (["plan.json", "-o", "r.html"], "a page shows"),
    ],
)
def test_what_cannot_be_shown_is_refused(geed: Geed, saved: Path, arguments: list[str], said: str) -> None:
    """With one error, exit 2, and no file."""
    (saved / "notes.json").write_text("{}", encoding="utf-8")
    plan = {
        "schema": "geed.plan/1", "model": "m", "pilot": 30, "asked": "width", "target": "0.1", "lines": [],
    }  # fmt: skip
    (saved / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    for name in ("gate.json", "comparison.json"):
        shutil.copy(SAVED / name, saved)
    done = geed("report", *arguments)
    assert done.exit_code == 2, done.stderr
    assert said in " ".join(done.stderr.split()), done.stderr
    assert not (saved / "r.html").exists()
    assert not (saved / "r.svg").exists()


@pytest.mark.usefixtures("saved")
def test_results_of_one_name_are_told_how_to_be_named(geed: Geed) -> None:
    """The line that the refusal prints runs as it stands."""
    Path("other").mkdir()
    shutil.copy("after.json", "other/before.json")
    refused = geed("report", "before.json", "other/before.json", "-o", "report.html")
    assert refused.exit_code == 2
    [line] = [each for each in refused.stderr.splitlines() if "geed report" in each]
    done = geed(*shlex.split(line.partition("geed ")[2]))
    assert done.exit_code == 0, done.stderr
    assert list(read_page(Path("report.html"))) == ["before", "after"]


def test_a_result_is_saved_before_its_pictures_are_shown(
    geed: Geed, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where they cannot be, there is an error, and the result all the same."""
    monkeypatch.chdir(tmp_path)
    _small_spec(tmp_path / "net.yaml")

    def refuse(*_: object) -> None:
        raise InputError("no pictures", expected="some", remedy="none")

    monkeypatch.setattr("geed_cli.cli.run.auditing.make_gallery", refuse)
    asked = (
        f"net.yaml -g flip -d {folder} --allow-code --samples 4 --images 3 --json r.json -o r.html".split()
    )
    done = geed("audit", *asked)
    assert done.exit_code == 2
    assert "no pictures" in done.stderr
    assert read_result(tmp_path / "r.json").data.count == 4
    assert not (tmp_path / "r.html").exists()


def test_a_page_is_never_written_over_its_own_input(geed: Geed, saved: Path) -> None:
    """A page is an input, too."""
    assert geed("report", "before.json", "-o", "a.html").exit_code == 0
    before = (saved / "a.html").read_bytes()
    done = geed("report", "a.html", "-o", "a.html")
    assert done.exit_code == 2
    assert (saved / "a.html").read_bytes() == before
