"""Options of audits in ``geed compare``: each changes what is audited, and the comparison shows or keeps it."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from safetensors.torch import save_file
from support.command import Geed

from geed_cli.cli.run import compared_models
from geed_cli.pipeline.options import AuditOptions

Compared = Callable[..., tuple[dict[str, Any], str]]

SPEC = """
model: {{source: timm, name: {name}}}
weights: {{origin: random}}
input: {{size: 32, crop_pct: 1.0, interpolation: bilinear}}
"""


@pytest.fixture(scope="module")
def specs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two small networks with random weights."""
    folder = tmp_path_factory.mktemp("specs")
    paths = folder / "one.yaml", folder / "two.yaml"
    for path, name in zip(paths, ("test_resnet", "test_efficientnet"), strict=True):
        path.write_text(SPEC.format(name=name))
    paths[0].write_text(paths[0].read_text() + "layers: [layer1]\n")
    return paths


@pytest.fixture
def compared(geed: Geed, specs: tuple[Path, Path], enough_pictures: Path) -> Compared:
    """``compared(…)``: the comparison of both on four pictures as JSON, and its table."""

    def run(*options: object, samples: int = 4) -> tuple[dict[str, Any], str]:
        target = enough_pictures.parent / "compared.json"
        common = ("-d", enough_pictures, "--samples", samples, "--no-cache", "--json", target)
        done = geed("compare", *specs, *common, "-v", *options)
        assert done.exit_code == 0, done.stderr
        return json.loads(target.read_text()), done.stdout

    return run


def side_of(content: dict[str, Any], metric: str, group: str, number: int = 0) -> dict[str, Any]:
    """A subject's value in a line."""
    (line,) = [x for x in content["lines"] if (x["metric"], x["group"]) == (metric, group)]
    return dict(line["sides"][number])


def test_a_twin_stands_beside_each_model(
    compared: Compared, geed: Geed, specs: tuple[Path, Path], enough_pictures: Path
) -> None:
    """In JSON and table, with the value that ``geed audit --twin`` gives; none without the option."""
    content, table = compared("--twin", "--metric", "latent.l2")
    saved = enough_pictures.parent / "one.json"
    alone = geed(
        "audit", specs[0], "-d", enough_pictures, "--samples", 4, "--metric", "latent.l2", "--twin", "--no-cache",
        "--json", saved,
    )  # fmt: skip
    assert alone.exit_code == 0, alone.stderr
    (entry,) = json.loads(saved.read_text())["results"]
    side = side_of(content, "latent.l2", "flip")
    assert side["controls"]["twin"] == pytest.approx(entry["controls"]["twin"], rel=1e-6)
    assert side["controls"]["twin"] != side["value"]
    assert all(subject["twin"] for subject in content["subjects"])
    assert "twin: the same architecture with random weights." in table
    content, table = compared("--metric", "latent.l2")
    assert "twin" not in side_of(content, "latent.l2", "flip")["controls"]
    assert "twin" not in table


@pytest.mark.heavy
def test_floor_says_on_how_many_images(compared: Compared) -> None:
    """0 leaves null and floor out; other numbers of images give other floors; the table and CSV have them."""
    options = ("-g", "c8", "--metric", "latent.l2", "--metric", "channelwise.cosine", "--layer", "*1")
    found = {}
    for count in (0, 2, 4):
        content, table = compared(*options, "--floor", count)
        found[count] = side_of(content, "latent.l2", "c8")["controls"].get("floor")
        assert ("floor: what resampling alone does" in table) == (count > 0)
    assert found[0] is None
    assert found[2] != found[4]


@pytest.mark.heavy
def test_the_csv_has_controls(geed: Geed, specs: tuple[Path, Path], pictures: Path) -> None:
    """In columns of their own, after those of values and differences."""
    done = geed(
        "compare", *specs, "-d", pictures, "--samples", 6, "--no-cache", "-g", "c8", "--metric", "latent.l2",
        "--twin", "--csv", "-",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert list(rows[0])[-8:-5] == ["null", "floor", "twin"]  # before those of margins and classes
    assert all(float(row["floor"]) > 0 and float(row["twin"]) > 0 for row in rows)


@pytest.mark.heavy
def test_hidden_actions_are_kept_and_shown(compared: Compared) -> None:
    """One table for each subject; none without the option."""
    content, table = compared("--discover", "permutation", "--metric", "channelwise.cosine")
    layers = [[action["layer"] for action in subject["hidden_actions"]] for subject in content["subjects"]]
    assert layers[0] == ["layer1"]
    assert len(layers[1]) > 1
    assert sum(line.startswith("hidden permutation at") for line in table.splitlines()) == 2
    content, table = compared("--metric", "channelwise.cosine")
    assert all(subject["hidden_actions"] == [] for subject in content["subjects"])
    assert "hidden" not in table


def test_a_layer_is_chosen_among_saved_hidden_actions(
    geed: Geed, specs: tuple[Path, Path], pictures: Path, tmp_path: Path
) -> None:
    """--layer selects hidden actions as it does lines."""
    files = tmp_path / "a.json", tmp_path / "b.json"
    layers = ("--layer", "layer1", "--layer", "layer2", "--discover", "permutation", "--samples", 8)
    for file in files:
        assert geed("audit", specs[0], "-d", pictures, *layers, "--json", file).exit_code == 0
    done = geed("compare", *files, "--layer", "layer2", "--json", "-")
    assert done.exit_code == 0, done.stderr
    found = [subject["hidden_actions"] for subject in json.loads(done.stdout)["subjects"]]
    assert [[action["layer"] for action in actions] for actions in found] == [["layer2"], ["layer2"]]


@pytest.mark.heavy
def test_sets_are_compared(compared: Compared) -> None:
    """Alone, as in ``geed audit``, or beside groups."""
    content, _ = compared("--set", "blur:1,2", "--metric", "latent.l2")
    assert [line["group"] for line in content["lines"]] == ["blur:1,2"]
    content, _ = compared("--set", "blur:1,2", "-g", "flip", "--metric", "latent.l2")
    assert [line["group"] for line in content["lines"]] == ["flip", "blur:1,2"]


def test_grids_are_compared_about_their_centres(compared: Compared) -> None:
    """--phase-correct: a control of layers whose grid is off centre."""
    content, _ = compared("--phase-correct", "--metric", "channelwise.cosine")
    corrected = ["phase_corrected" in side["controls"] for line in content["lines"] for side in line["sides"]]
    assert any(corrected)


@pytest.mark.heavy
def test_intervals_hold_together(compared: Compared) -> None:
    """--simultaneous: wider for values and differences, with the same values and verdicts; the table says so."""
    alone, table = compared("-g", "flip", "-g", "c4", samples=22)
    assert "claims hold for all lines together, intervals for each alone" in " ".join(table.split())
    together, table = compared("-g", "flip", "-g", "c4", "--simultaneous", samples=22)
    assert "claims hold for all lines together, intervals hold together" in " ".join(table.split())
    assert (alone["simultaneous"], together["simultaneous"]) == (False, True)
    wider = 0
    for one, other in zip(alone["lines"], together["lines"], strict=True):
        for kind in ("sides", "deltas"):
            for before, after in zip(one[kind], other[kind], strict=True):
                assert before["value"] == after["value"]
                assert before.get("verdict") == after.get("verdict")
                if before["ci"] and not after["ci"]:  # an M that is too near 0 for so much confidence
                    assert one["metric"] == "latent.cosine"
                    assert "interval withheld: M is too near 0 for one at this confidence" in after["notes"]
                elif before["ci"] and before["ci"][1] > before["ci"][0]:
                    widths = [made["ci"][1] - made["ci"][0] for made in (before, after)]
                    assert widths[1] >= widths[0]
                    wider += widths[1] > widths[0]
    assert wider > 10


def test_decoding_is_part_of_what_must_agree(
    geed: Geed, specs: tuple[Path, Path], pictures: Path, tmp_path: Path
) -> None:
    """--decode fast beside a result that was decoded exactly: refused, naming both."""
    common = ("-d", pictures, "--samples", 6, "--no-cache", "--metric", "latent.l2")
    assert geed("audit", specs[0], *common, "--json", tmp_path / "exact.json").exit_code == 0
    done = geed("compare", tmp_path / "exact.json", specs[1], *common, "--decode", "fast")
    assert done.exit_code == 2
    assert "decoding: exact and fast-2" in done.stderr


def test_the_way_to_run_reaches_the_audit(
    geed: Geed, specs: tuple[Path, Path], pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--compile and --on-nonfinite, which leave no trace in values of sound networks, are the audit's options."""
    seen: list[AuditOptions] = []

    def audit_together(*arguments: AuditOptions) -> None:
        seen.append(arguments[2])
        raise KeyboardInterrupt

    monkeypatch.setattr(compared_models, "audit_together", audit_together)
    done = geed("compare", *specs, "-d", pictures, "--compile", "--on-nonfinite", "skip", "--no-cache")
    assert done.exit_code == 130
    assert (seen[0].run.compile, seen[0].run.on_nonfinite) == (True, "skip")


@pytest.mark.heavy
@pytest.mark.usefixtures("read_in_this_process")
def test_checkpoint_files_are_compared_with_their_architecture(
    geed: Geed, pictures: Path, tmp_path: Path
) -> None:
    """--arch and --strip-prefix are for the files among the subjects; a whole pickled module needs --allow-pickle."""
    torch.manual_seed(1)
    for name in ("before", "after"):
        state = timm.create_model("test_resnet").state_dict()
        save_file({f"module.{key}": value for key, value in state.items()}, tmp_path / f"{name}.safetensors")
    files = tmp_path / "before.safetensors", tmp_path / "after.safetensors"
    common = ("-d", pictures, "--samples", 6, "--no-cache", "--metric", "latent.l2", "--img-size", 64)
    spec = tmp_path / "net.yaml"
    spec.write_text("model: {source: timm, name: test_resnet}\nweights: {origin: random}\n")
    refused = geed("compare", *files, *common)
    assert refused.exit_code == 2
    assert "does not say its architecture" in refused.stderr
    done = geed(
        "compare",
        *files,
        spec,
        "--arch",
        "test_resnet",
        "--strip-prefix",
        "module.",
        *common,
        "--json",
        "-",
    )
    assert done.exit_code == 0, done.stderr
    values = [side["value"] for side in json.loads(done.stdout)["lines"][0]["sides"]]
    assert len(set(values)) == len(values)
    torch.save(timm.create_model("test_resnet"), tmp_path / "whole.pt")
    whole = ("compare", tmp_path / "whole.pt", files[0], "--arch", "test_resnet", *common)
    assert geed(*whole, "--strip-prefix", "module.").exit_code == 2
    allowed = geed(*whole, "--strip-prefix", "module.", "--allow-pickle")
    assert allowed.exit_code == 0, allowed.stderr
    assert "warning: --allow-pickle" in allowed.stderr
