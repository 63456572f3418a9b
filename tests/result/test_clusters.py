"""Which images belong together: rules, what they refuse, and a saved result that is given clusters afterwards."""

from pathlib import Path

import numpy as np
import pytest
from support.gate import result, spread
from support.networks import small_conv_net
from support.pictures import smooth_pictures
from support.results import entry_of, measured

from geed_cli.errors import InputError
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.options import AuditOptions, DataOptions, RunOptions
from geed_cli.result.clusters import read_clustering, with_clusters, with_shared_clusters
from geed_cli.result.file import read_result, write_result
from geed_cli.result.samples import sample_of, way_sample_of
from geed_cli.result.schema import Clusters, Result
from geed_cli.result.soundness import check_sound
from geed_cli.statistics.interval import interval

PATHS = ("a/x_1.png", "a/x_2.png", "b/x_1.png", "c.png")
KL = ("softmax.kl", "flip", None)


@pytest.fixture(scope="module")
def nested(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """44 pictures of 15 pixels, two in each of 22 folders."""
    here = smooth_pictures(tmp_path_factory.mktemp("nested"), 44, 15)
    for number, file in enumerate(sorted(here.glob("*.png"))):
        folder = here / f"scene{number // 2:02d}"
        folder.mkdir(exist_ok=True)
        file.rename(folder / file.name)
    return here


def audited(folder: Path, cluster: str | None) -> Result:
    options = AuditOptions(data=DataOptions(folder, cluster=cluster), run=RunOptions("cpu", 8, "fp64"))
    return audit(small_conv_net(0, size=15), ["flip"], options)


@pytest.fixture(scope="module")
def by_image(nested: Path) -> Result:
    return audited(nested, None)


@pytest.fixture(scope="module")
def by_folder(nested: Path) -> Result:
    return audited(nested, "folder")


@pytest.mark.parametrize(
    ("rule", "names", "of"),
    [
        ("folder", ("a", "b", "."), (0, 0, 1, 2)),
        (r"^(\w)", ("a", "b", "c"), (0, 0, 1, 2)),
        (r"[abc]/|[abc]", ("a/", "b/", "c"), (0, 0, 1, 2)),
        (r"(\w+)\.png$", ("x_1", "x_2", "c"), (0, 1, 0, 2)),
    ],
)
def test_rules_name_the_cluster_of_each_path(rule: str, names: tuple[str, ...], of: tuple[int, ...]) -> None:
    """The folder that holds the picture; the first group of an expression, or all that it finds."""
    assert read_clustering(rule).of(PATHS) == Clusters(how=rule, names=names, of=of)


def test_a_table_names_clusters(tmp_path: Path) -> None:
    """In any order of lines and columns; other columns, and images that are not there, do not matter."""
    table = tmp_path / "groups.csv"
    table.write_text("cluster,note,path\n7,,c.png\n7,,a/x_2.png\nu,,b/x_1.png\nv,,a/x_1.png\nw,,else.png\n")
    found = read_clustering(str(table)).of(PATHS)
    assert found == Clusters(how="groups.csv", names=("v", "7", "u"), of=(0, 1, 2, 1))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("path,group\na,b\n", "no column cluster"),
        ("path,cluster\na/x_1.png,1\na/x_1.png,2\n", "line 3, has a/x_1.png again"),
        (
            "path,cluster\na/x_1.png,\na/x_2.png,1\nb/x_1.png,1\nc.png,2\n",
            r"names no cluster for a/x_1.png \(1 of 4",
        ),
        ("path,cluster\na/x_1.png\n", "line 2, has no path or no cluster"),
        ("path,cluster\na/x_1.png,1\n", "no cluster for 3 of 4 pictures, the first of them a/x_2.png"),
        (b"path,cluster\n\xff,1\n", "cannot be read"),
        (None, "there is no file .*groups.csv"),
    ],
)
def test_a_table_that_is_none_is_refused(tmp_path: Path, content: str | bytes | None, says: str) -> None:
    """Strictly: a picture without a line, twice, or without a cluster is no guess."""
    table = tmp_path / "groups.csv"
    if content is not None:
        table.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError, match=says):
        read_clustering(str(table)).of(PATHS)


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("(", "missing \\)"),
        ("x" * 1001, "longer than 1000"),
        (r"^(a)", r"it does not match b/x_1.png, c.png \(2 of 4 images\)"),
        (r"^(a)?", r"it does not match b/x_1.png, c.png"),
        ("png", "all 4 images are in one cluster, 'png'"),
        (r"^(\w+/)*\w+$|^(\w+/?)+!", "does not match|too long"),
    ],
)
def test_an_expression_that_does_not_do_is_refused(rule: str, says: str) -> None:
    """One that is none, that does not find a cluster in every path, or finds the same in all."""
    with pytest.raises(InputError, match=says):
        read_clustering(rule).check(PATHS)


def test_an_expression_that_takes_for_ever_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """All paths together have a time; the expression goes back over what it has read."""
    monkeypatch.setattr("geed_cli.result.clusters.MATCH_SECONDS", 0.05)
    with pytest.raises(InputError, match="takes too long"):
        read_clustering(r"(a|aa|a?)+$").of(["a" * 60 + "!"])


def test_an_audit_in_clusters_has_its_intervals_over_them(by_image: Result, by_folder: Result) -> None:
    """Values and signature are those without; limits are other ones; the null of layers has some, too."""
    clusters = by_folder.data.clusters
    assert clusters is not None
    assert (clusters.how, len(clusters.names), clusters.of[:4]) == ("folder", 22, (0, 0, 1, 1))
    assert by_folder.signature == by_image.signature
    check_sound(by_folder, "it")
    for one, other in zip(measured(by_image), measured(by_folder), strict=True):
        assert one.value == other.value
        assert one.per_image == other.per_image
        assert one.ci != other.ci
        sample = sample_of(by_folder, other)
        assert sample is not None
        made = interval(sample)
        assert (made.low, made.high) == pytest.approx(other.ci, rel=1e-9)


def test_a_saved_result_is_given_clusters_afterwards(
    by_image: Result, by_folder: Result, tmp_path: Path
) -> None:
    """What an audit over the same rows would have recorded: entries, the way to another image, notes."""
    write_result(by_image, tmp_path / "r.json")
    given = with_clusters(read_result(tmp_path / "r.json"), read_clustering("folder"))
    assert given.data == by_folder.data
    for one, other in zip(given.results, by_folder.results, strict=True):
        assert one.ci == (None if other.ci is None else pytest.approx(other.ci, rel=1e-9))
        assert one.notes == other.notes
        if other.to_another is None:
            continue
        assert one.to_another is not None
        assert one.to_another.notes == other.to_another.notes
        limits = other.to_another.ci
        assert one.to_another.ci == (None if limits is None else pytest.approx(limits, rel=1e-9))
    assert any(entry.to_another and entry.to_another.null and entry.to_another.ci for entry in given.results)
    assert with_clusters(given, read_clustering("folder")) is given


def test_the_way_of_layers_is_over_clusters(by_folder: Result) -> None:
    """Its rows and comparisons come back from the file."""
    entry = entry_of(by_folder, "channelwise.cosine", "flip", by_folder.settings.layers[0])
    sample = way_sample_of(by_folder, entry)
    assert sample is not None
    assert sample.units is not None
    assert entry.to_another is not None
    assert interval(sample).low == pytest.approx(entry.to_another.ci and entry.to_another.ci[0], rel=1e-9)


def test_few_clusters_withhold_intervals(by_image: Result) -> None:
    """Ten files of each tens' digit of 44 pictures: five clusters."""
    given = with_clusters(by_image, read_clustering(r"(\d)\d\.png$"))
    assert all(entry.ci is None for entry in given.results)
    assert "interval withheld: 5 clusters, at least 20 needed" in measured(given)[0].notes


def test_one_of_two_results_says_it_for_both(by_image: Result, by_folder: Result) -> None:
    """Over the same images; two that say different things are refused, and the way out is to say it."""
    other, same = with_shared_clusters([by_image, by_folder], ["a", "b"])
    assert other.data.clusters == same.data.clusters == by_folder.data.clusters
    assert with_shared_clusters([by_image, by_image], ["a", "b"]) == (by_image, by_image)
    alike = with_clusters(by_image, read_clustering(r"^(\w+)/"))
    assert with_shared_clusters([alike, by_folder], ["a", "b"]) == (alike, by_folder)
    third = with_clusters(by_image, read_clustering(r"(\d)\.png$"))
    with pytest.raises(InputError, match=r"different clusters: 22 \(folder\) and 10"):
        with_shared_clusters([by_folder, third], ["a", "b"])


def test_results_over_other_images_keep_their_own(by_folder: Result) -> None:
    """A population of other pictures has nothing to say about these."""
    other = result({KL: spread(0.2, 0.05, 30)})
    assert with_shared_clusters([by_folder, other], ["a", "b"])[1] is other


def test_a_normaliser_of_its_own_images_has_no_clusters(nested: Path) -> None:
    """Refused where it is asked for, and for a saved result."""
    with pytest.raises(InputError, match="--cluster together with --norm-samples"):
        audit(
            small_conv_net(0, size=15),
            "flip",
            AuditOptions(data=DataOptions(nested, 20, norm_samples=20, cluster="folder")),
        )
    plain = result({KL: spread(0.2, 0.05, 30)})
    data = plain.data.model_copy(update={"normaliser_images": plain.data.images[:2]})
    with pytest.raises(InputError, match="normaliser over other images"):
        with_clusters(plain.model_copy(update={"data": data}), read_clustering(r"(\d)"))


def test_clusters_that_contradict_their_images_are_found() -> None:
    """As many as images, each of those that are named, and each named one of some image."""
    plain = result({KL: spread(0.2, 0.05, 30)})
    for of, names, says in (
        ((0,) * 29, ("a",), "29 of 30 images"),
        ((0,) * 30, ("a", "b"), "not those that it names"),
        ((2,) * 30, ("a", "b"), "not those that it names"),
    ):
        clusters = Clusters(how="folder", names=names, of=of)
        broken = plain.model_copy(update={"data": plain.data.model_copy(update={"clusters": clusters})})
        with pytest.raises(InputError, match=says):
            check_sound(broken, "it")


def test_a_method_that_is_no_more_is_replaced() -> None:
    """Intervals of an earlier version's method are made anew by the default, which is then recorded."""
    plain = result({KL: np.abs(spread(0.2, 0.05, 44))})
    old = plain.model_copy(update={"settings": plain.settings.model_copy(update={"ci": "jackknife-t"})})
    given = with_clusters(old, read_clustering(r"(\d+)\d?\.png"))
    assert given.settings.ci != "jackknife-t"
    assert given.results[0].ci is not None
