"""What Python shows of results, comparisons, gates, tracks and plans: the text of the commands, and files of theirs."""

import json
import pickle
from pathlib import Path

import pytest
from support.command import Geed, printed
from support.kinds import KINDS, POLICY, made, rows
from support.pages import Page, real, small

import geed_cli
from geed_cli.api.saved_files import load
from geed_cli.choices import View
from geed_cli.comparison.schema import Comparison, Line
from geed_cli.errors import InputError
from geed_cli.forecast.planned import Plan, Planned
from geed_cli.gate.outcome import GateReport, Outcome
from geed_cli.result.by_name import NoEntryError
from geed_cli.result.presented import Presented
from geed_cli.tracking.record import Row, Track
from geed_cli.verdict.python_names import in_python


def same_in_python(shown: str, printed: str) -> bool:
    """Whether it is the printed page, in the words of Python, and so with other line breaks."""
    return "".join(shown.split()) == "".join(in_python(" ".join(printed.split())).split())


def test_a_result_prints_as_the_command_prints_it() -> None:
    """At any width, in full, and one statement a line; ``str`` is a hundred columns."""
    result = real()
    for width in (60, 80, 110):
        assert same_in_python(result.table(width), printed(result, width))
    assert same_in_python(result.table(verbose=True), printed(result, 100, View(verbose=True)))
    told = printed(result, 100, View(linear=True)).splitlines()
    assert result.table(linear=True).splitlines() == list(map(in_python, told))
    assert str(result) == result.table(100)


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Results, a policy and a track in the current folder."""
    monkeypatch.chdir(tmp_path)
    rows().save("a.json")
    rows(0.1).save("b.json")
    made()["track"].save("t.json")
    (tmp_path / "policy.yaml").write_text(POLICY)
    return tmp_path


@pytest.mark.usefixtures("written")
@pytest.mark.parametrize(
    ("kind", "command"),
    [
        ("comparison", "compare a.json b.json"),
        ("report", "check a.json --policy policy.yaml"),
        ("track", "track t.json"),
        ("plan", "plan a.json --width 0.01"),
    ],
)
def test_the_others_print_as_their_commands_do(geed: Geed, kind: str, command: str) -> None:
    """In every view the table has the command's page in Python's words; the file is what ``save`` writes."""
    written = ("-o" if kind == "report" else "--json", "out.json")
    for view in ({}, {"verbose": True}, {"linear": True}):
        done = geed(*command.split(), *written, *(f"--{name}" for name in view))
        assert done.exit_code in (0, 1), done.stderr
        found = load("out.json")
        assert isinstance(found, type(made()[kind]))
        assert same_in_python(found.table(100, **view), done.stdout)
        found.save("again.json")
        assert Path("again.json").read_bytes() == Path("out.json").read_bytes()


def test_reprs_are_one_short_line() -> None:
    """What it is of, and how much there is."""
    shown = {kind: repr(each) for kind, each in made().items()}
    assert shown == {
        "result": "<Result net: flip; 200 images, 6 entries>",
        "comparison": "<Comparison theirs against ours: 40 images, 3 lines>",
        "report": "<GateReport undecided, exit 1: net by policy.yaml>",
        "track": "<Track cnn: step 100 to 200; 2 steps, 48 values>",
        "plan": "<Plan net: 0.01 wide; from 40 images, 1 entry>",
    }
    assert repr(small().model_copy(update={"status": "partial"})).endswith(", 6 entries partial>")


def test_every_kind_is_asked_by_name() -> None:
    """A comparison and a plan by measure, group and layer; a gate by rule; a track by step, and then as a result."""
    kinds = made()
    comparison, report, track, plan = (kinds[kind] for kind in KINDS[1:])
    assert isinstance(comparison, Comparison)
    line = comparison["latent.l2", "flip"]
    assert line is comparison["latent.l2"] is comparison.lines[0]
    assert repr(line) == "<Line latent.l2 flip 0.2: +0.1 undecided>"
    assert str(comparison["channelwise.cosine", "flip", "layer1"]).startswith(
        "<Line channelwise.cosine flip layer1 "
    )
    assert isinstance(report, GateReport)
    assert (report.verdict, report.exit_code) == ("undecided", 1)
    assert report["features"].verdict == "pass"
    assert repr(report["top class", "flip", "net"]) == "<Outcome top class flip undecided>"
    assert (
        repr(report["features"].examined[0])
        == "<Examined latent.l2 flip pass 0.200 [0.183, 0.216] limit 0.5>"
    )
    assert isinstance(track, Track)
    assert track.steps == (100, 200)
    row = track[200]["latent.l2", "flip"]
    assert (row.value, row.ci) == (track.records[1].result["latent.l2", "flip"].value, row.ci)
    assert repr(row) == f"<Row 200 latent.l2 flip {row.value:.3f} [{row.ci[0]:.3f}, {row.ci[1]:.3f}]>"  # type: ignore[index]
    assert [record.step for record in track[100].records] == [100]
    assert repr(track[100]) == "<AtStep 100 24 values>"
    assert isinstance(plan, Plan)
    assert repr(plan["latent.l2"]) == "<Planned latent.l2 flip about 434 images, 183 to 2302>"
    assert "latent.l2" in comparison
    assert "latent.l2" in plan
    assert "features" in report
    assert 100 in track
    assert "latent.l2" in track[100]
    for nowhere, container in (("latent.l3", comparison), ("latent.l3", plan), ("x", report), (1, track)):
        assert nowhere not in container  # type: ignore[operator]


@pytest.mark.parametrize(
    ("kind", "key", "said", "kept"),
    [
        ("comparison", ("latent.l2", "c4"), '"c4" is none of its groups or layers', Line),
        ("report", "featurs", '"featurs" is none of its rules', Outcome),
        ("plan", "latent.l3", '"latent.l3" is none of its measures', Planned),
    ],
)
def test_their_misses_have_ways_out(kind: str, key: object, said: str, kept: type) -> None:
    """The key that is proposed finds something."""
    with pytest.raises(NoEntryError, match=said) as refused:
        made()[kind][key]  # type: ignore[index]
    assert isinstance(eval(refused.value.remedy, {kind: made()[kind]}), kept)


def test_a_missing_step_names_the_nearest() -> None:
    """As steps are numbers; and a row that is missed there is told as any."""
    track = made()["track"]
    assert isinstance(track, Track)
    for step, order, expected in (
        (190, ", nearest first:", "200, 100"),
        ("190", "", "100, 200"),
        (None, "", "100, 200"),
    ):
        with pytest.raises(NoEntryError, match="this track has no step") as refused:
            track[step]  # type: ignore[index]
        assert refused.value.expected == f"one of its steps{order} {expected}"
        assert refused.value.remedy == f"track[{expected[:3]}]"
    with pytest.raises(NoEntryError, match=r"2 entries of track\[100\] fit") as refused:
        track[100]["latent.l2"]
    assert isinstance(eval(refused.value.remedy, {"track": track}), Row)


def test_a_table_needs_room() -> None:
    """The fewest columns are written in, and fewer are refused."""
    assert small().table(20)
    with pytest.raises(InputError, match="a table of 19 columns") as refused:
        small().table(19)
    assert refused.value.remedy == "table(width=100)"


@pytest.mark.parametrize("kind", KINDS)
def test_records_are_flat_and_all_alike(kind: str) -> None:
    """Every record has the same keys, of values that a cell can hold; both data frames hold the same."""
    one = made()[kind]
    records = one.to_records()
    assert records
    for record in records:
        assert list(record) == list(records[0])
        assert all(value is None or isinstance(value, str | int | float) for value in record.values())
    frame = one.to_pandas()
    assert list(frame.columns) == list(records[0])
    assert len(frame) == len(records)
    other = one.to_polars()
    assert other.to_dicts() == records
    for name in records[0]:
        missing = [record[name] is None for record in records]
        assert frame[name].isna().tolist() == missing
        kept = [record[name] for record in records if record[name] is not None]
        assert frame[name].dropna().tolist() == kept


def test_the_records_of_a_result() -> None:
    """One for each entry, its numbers among them; controls are columns."""
    result = real()
    records = result.to_records()
    for entry, record in zip(result.results, records, strict=True):
        assert (record["metric"], record["group"], record["layer"]) == (
            entry.metric,
            entry.group,
            entry.layer,
        )
        assert (record["value"], record["raw"], record["normaliser"]) == (
            entry.value,
            entry.raw,
            entry.normaliser,
        )
        assert (record["low"], record["high"]) == (entry.ci or (None, None))
        assert {name: record[name] for name in entry.controls} == entry.controls
        assert record["to_another"] == (None if entry.to_another is None else entry.to_another.value)
        assert (record["images"], record["model"]) == (30, result.model.id)


def test_frames_of_different_results_are_put_together() -> None:
    """Columns have their types also where every value is missing, as polars demands."""
    import pandas
    import polars

    frames = [each.to_polars() for each in (small(), real())]
    assert len(polars.concat(frames)) == 6 + 54
    tables = [each.to_pandas() for each in (small(), real())]
    assert len(pandas.concat(tables)) == 6 + 54


@pytest.mark.parametrize("name", ["pandas", "polars"])
def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """With the command that installs it."""
    monkeypatch.setattr("geed_cli.result.frames.find_spec", lambda _: None)
    with pytest.raises(InputError, match=f"{name} is not installed") as refused:
        getattr(small(), f"to_{name}")()
    assert refused.value.remedy == f"python -m pip install {name}"
    assert small().to_records()


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_saved_is_loaded(tmp_path: Path, kind: str) -> None:
    """The same thing of the same class, from a path as text or not; a page gives its result."""
    one = made()[kind]
    one.save(str(tmp_path / "one.json"))
    assert geed_cli.load(str(tmp_path / "one.json")) == one
    assert type(load(tmp_path / "one.json")) is type(one)
    if kind != "plan":
        one.save(tmp_path / "one.html")
        page = (tmp_path / "one.html").read_text(encoding="utf-8")
        assert Page(page).sections
    if kind == "result":
        assert load(tmp_path / "one.html") == one
    if kind == "report":
        for suffix in (".md", ".junit.xml", ".yaml"):
            one.save(tmp_path / f"one{suffix}")
            assert (tmp_path / f"one{suffix}").stat().st_size > 100


def test_pages_of_several_and_policies_are_loaded(geed: Geed, written: Path) -> None:
    """Results by name, as ``compare`` takes them; and what a policy's file says."""
    assert geed("report", "ours=a.json", "theirs=b.json", "-o", "both.html").exit_code == 0
    assert load(written / "both.html") == {"ours": rows(), "theirs": rows(0.1)}
    assert [rule.id for rule in load("policy.yaml").rules] == ["features", "top class"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("none.json", None, "there is no file"),
        ("x.json", "{}", "is of no kind that geed checks: it has no schema"),
        ("x.json", '{"schema": "geed.result/9"}', "its schema is geed.result/9"),
        ("x.json", '{"schema": "geed.plan/1"}', "is no valid plan (geed.plan/1): at asked"),
        ("x.json", "{NaN", "not strict JSON"),
        ("x.html", "<p>", "has no results that could be read"),
        ("x.yaml", "rules: 3", "x.yaml"),
    ],
)
def test_what_cannot_be_loaded(tmp_path: Path, name: str, text: str | None, said: str) -> None:
    """Refused in the words of the commands."""
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(InputError) as refused:
        load(tmp_path / name)
    assert said in refused.value.found


def test_names_of_files_that_are_refused(tmp_path: Path) -> None:
    """An ending of no kind, with a name that is one; a folder that is not there; nothing is written."""
    for one, name, said in (
        (small(), "r.csv", "ends in .json or .html"),
        (made()["plan"], "p.html", "ends in .json"),
        (made()["report"], "g", "ends in .json or .junit.xml or .md or .yaml or .html"),
    ):
        with pytest.raises(InputError, match="no kind of file has the name") as refused:
            one.save(tmp_path / name)
        assert refused.value.expected.endswith(said)
        eval(f"one.{refused.value.remedy}", {"one": one})
        written = tmp_path / Path(name).with_suffix(".json")
        assert json.loads(written.read_text())["schema"].startswith("geed.")
        written.unlink()
    with pytest.raises(InputError, match="cannot write"):
        small().save(tmp_path / "nowhere" / "r.json")
    assert list(tmp_path.iterdir()) == []


def test_results_that_are_read_are_the_ones_that_are_made() -> None:
    """One class, whoever gives it back."""
    assert type(real()) is geed_cli.Result
    assert isinstance(real(), Presented)


def test_a_figure_is_that_of_the_command(geed: Geed, tmp_path: Path) -> None:
    """The same file, and what a notebook draws."""
    real().save(tmp_path / "tf_efficientnet_lite0.json")
    for kind, group in (
        ("depth", None),
        ("polar", "c8"),
        ("elements", "c4"),
        ("images", None),
        ("layers", "c4"),
    ):
        named = () if group is None else ("--group", group)
        written = tmp_path / f"{kind}.svg"
        done = geed("report", tmp_path / "tf_efficientnet_lite0.json", "--plot", kind, *named, "-o", written)
        assert done.exit_code == 0, done.stderr
        figure = real().plot(kind, group)
        figure.save(tmp_path / "own.svg")
        assert (tmp_path / "own.svg").read_bytes() == written.read_bytes()
        assert figure._repr_svg_().encode() == written.read_bytes()
        assert repr(figure) == f"<Figure {kind} of tf_efficientnet_lite0>"


def test_figures_that_are_refused(tmp_path: Path) -> None:
    """No such kind or group, nothing to draw, and a file that is no SVG."""
    with pytest.raises(InputError, match="figure 'depht'") as refused:
        real().plot("depht")  # type: ignore[arg-type]
    assert refused.value.remedy == "use depth"
    with pytest.raises(InputError, match="group 'c5'") as refused:
        real().plot("depth", "c5")
    assert refused.value.remedy == "use c8"
    assert real().plot("depth", "c8").svg.startswith("<svg")
    with pytest.raises(InputError, match="nothing to draw"):
        small().plot("polar")
    with pytest.raises(InputError, match="no kind of file has the name") as refused:
        real().plot().save(tmp_path / "x.png")
    eval(f"figure.{refused.value.remedy}", {"figure": real().plot()})
    assert (tmp_path / "x.svg").exists()


def test_a_track_is_drawn_along_its_steps(tmp_path: Path) -> None:
    """The measure and group that were asked for, else the first; as on the report page."""
    track = made()["track"]
    assert isinstance(track, Track)
    track.save(tmp_path / "t.html")
    page = (tmp_path / "t.html").read_text(encoding="utf-8")
    for figure, title in (
        (track.plot(), "flip: latent.l2 by step"),
        (track.plot("softmax.kl", "c4"), "c4: softmax.kl by step"),
        (track.plot(layer="pool", metric="channelwise.cosine"), "flip: channelwise.cosine at pool by step"),
    ):
        assert f">{title}</title>" in figure.svg
        assert f">{title}</title>" in page
        figure.save(tmp_path / "t.svg")
    for wrong, said in (
        ({"metric": "latent.l3"}, "latent.l3"),
        ({"group": "c5"}, "group 'c5'"),
        ({"layer": "stage1"}, "no layer 'stage1'"),
    ):
        with pytest.raises(InputError) as refused:
            track.plot(**wrong)
        assert said in refused.value.found


@pytest.mark.parametrize("kind", KINDS)
def test_text_is_the_same_wherever_it_is_made(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """In the kernel of a notebook, which has colours forced, too: no colour, no blanks at the ends of lines."""
    before = made()[kind].table()
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    assert made()[kind].table() == before
    assert "\x1b" not in before
    assert all(line == line.rstrip() for line in before.splitlines())


def test_errors_come_back_from_another_process() -> None:
    """With all that they say, and as the same kind."""
    with pytest.raises(NoEntryError) as refused:
        small()["latent.l3"]
    again = pickle.loads(pickle.dumps(refused.value))
    assert type(again) is NoEntryError
    assert str(again) == str(refused.value)
    assert (again.found, again.remedy) == (refused.value.found, refused.value.remedy)
