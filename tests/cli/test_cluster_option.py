"""``--cluster``: what is drawn of the images, in every command that makes an interval."""

import json
import re
from pathlib import Path

import pytest
from support.command import Geed
from support.gate import result, spread
from support.networks import small_conv_net
from support.pictures import smooth_pictures
from support.ways_out import remedy_of

from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.options import AuditOptions, DataOptions, RunOptions
from geed_cli.result.clusters import read_clustering, with_clusters
from geed_cli.result.file import read_result, write_result

RULE = r"^(\w+)_\d"
KL = ("softmax.kl", "flip", None)
POLICY = "version: 1\nrequire: {min_clusters: 20}\nrules: [{id: kl, metric: softmax.kl, max: 0.25}]\n"


@pytest.fixture(scope="module")
def crops(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """44 pictures of 15 pixels, named as two crops of each of 22."""
    here = smooth_pictures(tmp_path_factory.mktemp("crops"), 44, 15)
    for number, file in enumerate(sorted(here.glob("*.png"))):
        file.rename(here / f"p{number // 2:02d}_{number % 2}.png")
    return here


@pytest.fixture(scope="module")
def saved(crops: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of two networks, without clusters: step_1.json and step_2.json."""
    here = tmp_path_factory.mktemp("saved")
    options = AuditOptions(
        data=DataOptions(crops), run=RunOptions("cpu", 8, "fp64"), metrics=("softmax.kl", "latent.l2")
    )
    for seed in (1, 2):
        write_result(audit(small_conv_net(seed, size=15), "flip", options), here / f"step_{seed}.json")
    return here


def test_an_audit_says_what_is_drawn(geed: Geed, crops: Path, tmp_path: Path) -> None:
    """On the page, in its one line, in full, in the file; a growing run looks at as many images as it says."""
    asked = ("audit", "timm:test_resnet", "--img-size", 32, "--weights", "random", "-d", crops, "--metric", "latent.l2",
             "--cluster", RULE)  # fmt: skip
    done = geed(*asked, "--json", tmp_path / "r.json")
    assert done.exit_code == 0, done.stderr
    assert rf"44 images in 22 clusters ({RULE}) of crops" in " ".join(done.stdout.split())
    assert "clusters=22" in geed(*asked, "-q").stdout
    full = " ".join(geed(*asked, "-v").stdout.split())
    assert rf"22 clusters ({RULE}) of 2 to 2 images: intervals are over clusters, values over images" in full
    explained = " ".join(geed("explain", tmp_path / "r.json").stdout.split())
    assert rf"They are in 22 clusters ({RULE}): intervals are over these." in explained
    data = json.loads((tmp_path / "r.json").read_text())["data"]
    assert data["clusters"]["of"] == [number // 2 for number in range(44)]
    assert data["clusters"]["names"] == [f"p{number:02d}" for number in range(22)]
    grown = geed(
        *asked, "--samples", 30, "--until-width", 0.0001, "--max-samples", 44, "--json", tmp_path / "g.json"
    )
    assert grown.exit_code == 0, grown.stderr
    result = read_result(tmp_path / "g.json")
    assert result.settings.looks is not None
    assert (result.settings.looks.sizes, result.settings.looks.used) == ((30, 44), 2)
    assert result.results[0].ci is not None


def test_the_bundled_sample_is_of_photographs(geed: Geed, tmp_path: Path) -> None:
    """Its crops are clusters without a word; beside a normaliser of its own images they are not."""
    asked = ("audit", "timm:test_resnet", "--img-size", 32, "--weights", "random", "--metric", "latent.l2")
    done = geed(*asked, "--json", tmp_path / "r.json")
    assert done.exit_code == 0, done.stderr
    assert "40 images in 24 clusters (photograph) of the bundled sample" in " ".join(done.stdout.split())
    clusters = read_result(tmp_path / "r.json").data.clusters
    assert clusters is not None
    assert clusters.names[:3] == ("astronaut", "brick", "brushes")
    other = geed(*asked, "--samples", 20, "--norm-samples", 20)
    assert other.exit_code == 0, other.stderr
    assert "cluster" not in other.stdout


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--cluster", "folder"), "all 44 images are in one cluster, '.'"),
        (("--cluster", "^q"), "it does not match p00_0.png, p00_1.png"),
        (("--cluster", "("), "--cluster (: missing )"),
        (("--cluster", "there.csv"), "there is no file there.csv"),
        (("--cluster", RULE, "--norm-samples", "4", "--samples", "20"), "together with --norm-samples"),
    ],
)
def test_a_rule_that_does_not_do_is_refused_before_anything_is_loaded(
    geed: Geed, crops: Path, options: tuple[str, ...], says: str
) -> None:
    """Exit 2, what was found, and a way out; the model's name is not even looked at."""
    done = geed("audit", "timm:test_resnet", "--weights", "random", "-d", crops, *options)
    assert done.exit_code == 2
    assert says in " ".join(done.stderr.split())
    assert remedy_of(done)


def test_the_way_out_of_an_expression_works_as_printed(geed: Geed, crops: Path) -> None:
    """The example is for .jpg; put to .png it is the rule of these files."""
    found = re.search(
        r"--cluster '([^']+)'", remedy_of(geed("audit", "timm:test_resnet", "-d", crops, "--cluster", "("))
    )
    assert found is not None
    rule = found[1].replace("jpg", "png")
    done = geed("audit", "timm:test_resnet", "--img-size", 32, "--weights", "random", "-d", crops, "--cluster", rule,
                "--metric", "latent.l2", "-q")  # fmt: skip
    assert "clusters=22" in done.stdout


def test_a_comparison_is_over_the_clusters_of_either_side(geed: Geed, saved: Path, tmp_path: Path) -> None:
    """By --cluster, or by those that one of the results has; two divisions are refused with the way out."""
    one, two = saved / "step_1.json", saved / "step_2.json"
    plain = json.loads(geed("compare", one, two, "--json", "-").stdout)
    ruled = json.loads(geed("compare", one, two, "--json", "-", "--cluster", RULE).stdout)
    assert (plain["clusters"], ruled["clusters"]) == (None, 22)
    for before, after in zip(plain["lines"], ruled["lines"], strict=True):
        assert before["deltas"][0]["value"] == after["deltas"][0]["value"]
        assert before["deltas"][0]["ci"] != after["deltas"][0]["ci"]
        assert before["sides"][0]["ci"] != after["sides"][0]["ci"]
    given, other = tmp_path / "given.json", tmp_path / "other.json"
    write_result(with_clusters(read_result(two), read_clustering(RULE)), given)
    write_result(with_clusters(read_result(one), read_clustering(r"(\d)_")), other)
    shared = json.loads(geed("compare", one, given, "--json", "-").stdout)
    assert shared["lines"][0]["deltas"] == ruled["lines"][0]["deltas"]
    assert "44 images in 22 clusters" in " ".join(geed("compare", one, given).stdout.split())
    refused = geed("compare", other, given)
    assert refused.exit_code == 2
    assert "different clusters: 10" in " ".join(refused.stderr.split())
    assert geed("compare", other, given, "--cluster", RULE).exit_code == 0


def test_a_policy_can_ask_for_clusters(geed: Geed, tmp_path: Path) -> None:
    """An error without, or with too few; a value near its limit passes by images and not by pairs that agree."""
    values = spread(0.2, 0.3, 60)
    write_result(result({KL: values.repeat(2)}), tmp_path / "r.json")
    (tmp_path / "policy.yaml").write_text(POLICY)
    checked = ("check", tmp_path / "r.json", "--policy", tmp_path / "policy.yaml")
    without = geed(*checked)
    assert without.exit_code == 2
    assert "its images are in no clusters: --cluster says which belong together" in " ".join(
        without.stdout.split()
    )
    table = tmp_path / "pairs.csv"
    table.write_text("path,cluster\n" + "".join(f"{i}.png,{i // 2}\n" for i in range(120)))
    widths = {}
    for name, cluster in (("pairs", table), ("images", r"\d+")):
        done = geed(*checked, "--cluster", cluster, "-o", tmp_path / f"{name}.json", "--on-undecided", "pass")
        assert done.exit_code == 0, done.stdout
        outcomes = json.loads((tmp_path / f"{name}.json").read_text())["outcomes"]
        low, high = outcomes[-1]["examined"][0]["ci"]
        widths[name] = high - low
    assert 1.3 < widths["pairs"] / widths["images"] < 1.6  # √2, and skewness
    few = geed(*checked, "--cluster", r"\d")
    assert few.exit_code == 2
    assert "its images are in 10 clusters" in " ".join(few.stdout.split())


def test_a_gate_takes_the_clusters_of_its_baseline(geed: Geed, tmp_path: Path) -> None:
    """And refuses a result of other ones."""
    last = result({KL: spread(0.2, 0.05, 60)})
    write_result(result({KL: spread(0.21, 0.05, 60, 1)}), tmp_path / "new.json")
    write_result(with_clusters(last, read_clustering(r"^\d")), tmp_path / "odd.json")
    write_result(with_clusters(last, read_clustering(r"\d+")), tmp_path / "last.json")
    policy = tmp_path / "policy.yaml"
    policy.write_text(
        "version: 1\nrequire: {min_clusters: 60}\nbaseline: {rules: [{metric: softmax.kl, max_increase: 50%}]}\n"
    )
    done = geed("check", tmp_path / "new.json", "--policy", policy, "--baseline", tmp_path / "last.json")
    assert done.exit_code == 0, done.stdout
    refused = geed("check", tmp_path / "last.json", "--policy", policy, "--baseline", tmp_path / "odd.json")
    assert refused.exit_code == 2
    assert "different clusters: 60" in " ".join(refused.stderr.split())


def test_a_track_is_over_one_kind_of_clusters(geed: Geed, saved: Path, tmp_path: Path) -> None:
    """Saved results with other clusters do not stand on one track; --cluster says it for all."""
    steps = [saved / f"step_{number}.json" for number in (1, 2)]
    clustered = tmp_path / "step_3.json"
    write_result(with_clusters(read_result(steps[1]), read_clustering(RULE)), clustered)
    mixed = geed("track", steps[0], clustered)
    assert mixed.exit_code == 2
    assert re.search(r"clusters \(--cluster\): none and 22", " ".join(mixed.stderr.split()))
    assert geed("track", steps[0], clustered, "--cluster", RULE).exit_code == 0
    made = [
        json.loads(geed("track", *steps, *options, "--json", "-").stdout)
        for options in ((), ("--cluster", RULE))
    ]
    assert [row["value"] for row in made[0]["rows"]] == [row["value"] for row in made[1]["rows"]]
    assert all(
        one["ci"] != two["ci"] for one, two in zip(made[0]["rows"], made[1]["rows"], strict=True) if one["ci"]
    )


def test_few_clusters_are_called_so(geed: Geed, saved: Path, crops: Path) -> None:
    """Three clusters of 44 images: no verdict, no interval, and more of the same images are no way out."""
    done = geed("audit", "timm:test_resnet", "--img-size", 32, "--weights", "random", "-d", crops, "--floor", 0,
                "--metric", "latent.l2", "--cluster", r"p(\d)")  # fmt: skip
    assert done.exit_code == 0, done.stderr
    page = " ".join(done.stdout.split())
    assert "No verdict." in page
    assert "there is no interval: 3 clusters, at least 20 needed, so that is not an estimate" in page
    steps = [saved / f"step_{number}.json" for number in (1, 2)]
    compared = " ".join(geed("compare", *steps, "--cluster", r"p(\d)").stdout.split())
    assert "3 clusters" in compared
    assert "next: audit images of at least 20 clusters" in compared
    followed = " ".join(geed("track", *steps, "--cluster", r"p(\d)").stdout.split())
    assert "audit images of at least 20 clusters" in followed
