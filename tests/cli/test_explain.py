"""``geed explain``: every name that the program can print is explained, and every reference to it can be followed."""

import ast
import io
import re
import shlex
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, get_args

import pytest
from rich.console import Console
from rich.table import Table
from support.command import Geed, in_full, printed
from support.constructed import inspected
from typer.main import get_command

import geed_cli
from geed_cli import choices
from geed_cli.choices import View
from geed_cli.cli.app import app
from geed_cli.comparison import schema as comparison
from geed_cli.discovery.verdict_words import WORDS as HIDDEN_VERDICTS
from geed_cli.errors import EXIT_CODES, GeedError, InputError, RunError
from geed_cli.gate import outcome, policy_file
from geed_cli.gate.policy_file import PolicyFile, RequirePart, RulePart
from geed_cli.groups.families import FAMILIES
from geed_cli.groups.named import group_named
from geed_cli.measures.catalogue import BY_NAME, on_request, select_measures
from geed_cli.measures.control import CONTROLS
from geed_cli.models.spec import LayoutName, ModelSpec
from geed_cli.report.explain.actions import explain_group
from geed_cli.report.explain.topics import everything, topic_of
from geed_cli.report.gate import gate_table
from geed_cli.report.inspection_page import print_inspection
from geed_cli.report.marks import ascii_text
from geed_cli.report.selftest_report import Case, Finding, SelftestReport
from geed_cli.report.selftest_table import print_selftest
from geed_cli.result import schema
from geed_cli.result.file import read_result
from geed_cli.sets.set_families import SET_FAMILIES
from geed_cli.verdict.inspection import InspectedModule

PACKAGE = Path(geed_cli.__file__).parent
SAVED = Path(__file__).parents[1] / "saved"
REFERENCE = re.compile(r"geed explain ('[^']+'|exit [0-9]+|[^\s'\"`,;:)]*[^\s'\"`,;:.)])")


def names_of_objects() -> Iterator[str]:
    """From every table of names, and every list of words that results and verdicts have."""
    yield from BY_NAME
    yield from CONTROLS
    yield from (control.heading for control in CONTROLS.values() if control.heading)
    for family in FAMILIES.values():
        yield family.pattern
        yield from family.names[:: max(1, len(family.names) // 4)]
    for each in SET_FAMILIES:
        yield from (each.name, each.pattern, each.example)
    for code in EXIT_CODES:
        yield from (str(code), f"exit {code}")
    for words in (
        choices.IntervalMethod,
        choices.OutputKind,
        choices.Discover,
        schema.Status,
        schema.Completeness,
        schema.GridFault,
        outcome.Verdict,
        policy_file.Level,
        comparison.Verdict,
        LayoutName,
    ):
        yield from get_args(words)
    yield from (
        "undeclared",
        "audited",
        "not measured",
        "features",
        "classifier",
    )  # cells of ``geed inspect``
    yield from HIDDEN_VERDICTS.values()


@pytest.mark.parametrize("name", dict.fromkeys(names_of_objects()))
def test_every_name_of_an_object_is_explained(name: str) -> None:
    """In one sentence at least."""
    said = topic_of(name).explained
    assert said.what.endswith(".")


def headings_of(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Where the headings of all tables that are drawn from now on are noted."""
    seen: list[str] = []
    add = Table.add_column

    def noting(table: Table, header: object = "", *rest: object, **options: object) -> None:
        seen.append(str(header))
        add(table, header, *rest, **options)

    monkeypatch.setattr(Table, "add_column", noting)
    return seen


def test_every_heading_of_a_table_is_explained(geed: Geed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Audits with every control, comparisons, gates, tracks, self-tests, lists; but for names of models and groups."""
    seen = headings_of(monkeypatch)
    result = read_result(SAVED / "result.json")
    everything_measured = tuple(
        entry.model_copy(update={"controls": dict.fromkeys(CONTROLS, 0.5) | entry.controls})
        for entry in result.results
    )
    measured = result.model_copy(update={"results": everything_measured})
    printed(measured, width=300)
    in_full(measured)
    in_full(result, width=40)
    finding = Finding(quantity="a", expected=1, found=1, tolerance=0, relation="near", ok=True, reason="")
    case = Case(name="a", findings=(finding,), error=None, seconds=0)
    made = SelftestReport(
        ok=True, device="cpu", precision="fp32", cases=(case,), seconds=1.0, environment=result.environment
    )
    for verbose in (False, True):
        print_selftest(made, Console(file=io.StringIO(), width=100), View(verbose=verbose))
    gate = outcome.GateReport.model_validate_json((SAVED / "gate.json").read_text())
    for verbose in (False, True):
        gate_table.print_gate(gate, Console(file=io.StringIO(), width=100), View(verbose=verbose))
    for command in ("ls groups", "ls groups -v c4", "ls sets", "ls metrics", "ls specs"):
        assert geed(*command.split()).exit_code == 0
    found = inspected(modules=(InspectedModule("stem", "1×2×2", "nchw", "Conv2d", ("audited",)),))
    print_inspection(found, Console(file=io.StringIO(), width=100))
    models = [str(SAVED / name) for name in ("result.json", "other.json")]
    for view in ((), ("-v",)):
        assert geed("compare", *models, *view).exit_code == 0
    for view in ((), ("-v",)):
        assert geed("track", SAVED / "track.json", *view).exit_code == 0
    layers = {entry.layer for entry in result.results if entry.layer is not None}
    labels = {group.name for group in result.groups} | {"result", "other"} | layers
    names = [name for name in dict.fromkeys(seen) if name.strip() and name.split()[0] not in labels]
    names = [name for name in names if not re.fullmatch(r"[-0-9. %]+", name)]  # the ends of a scale
    assert len(names) > 30
    unexplained = []
    for name in names:
        try:
            topic_of(name.splitlines()[0])
        except InputError:
            unexplained.append(name)
    assert unexplained == []


def test_names_are_unique_and_references_lead_somewhere() -> None:
    """No name or alias means two things, but for sets that are written with a colon; "see also" is explained."""
    seen: dict[str, str] = {}
    for topic in everything():
        for name in (topic.name, *topic.aliases):
            assert seen.setdefault(name.casefold(), topic.name) == topic.name, name
        for other in topic.explained.see:
            assert topic_of(other).name != topic.name
        for text in vars(topic.explained).values():
            assert "docs/" not in str(text)


def test_a_word_wins_over_the_set_of_its_name() -> None:
    """``scale`` is what percentages are on; with a colon it is the set."""
    assert topic_of("scale").heading == "the scale"
    assert topic_of("scale:0.8,0.9").heading == "sets"


@pytest.mark.parametrize("name", ["flip", "c4", "c8", "d8", "shift7", "flip*c4", "flip*xshift7", "C4", "c1"])
def test_a_group_is_explained_by_itself(geed: Geed, name: str) -> None:
    """Its elements, in the order of the group; U(n) as by hand: 0.50, 0.61, 0.66, 0.68, 0.70."""
    done = geed("explain", name)
    assert done.exit_code == 0, done.stderr
    group = group_named(name)
    assert f"{group.order} element" in done.stdout
    by_hand = {2: "0.50", 4: "0.61", 8: "0.66", 16: "0.68", 49: "0.70", 14: "0.68"}
    said = explain_group(group).reading
    assert said.endswith(f"{by_hand[group.order]}.") if group.order > 1 else "latent.l2" not in said
    assert ("about" in said) == (group.order > 2)


def test_a_file_of_generators_is_explained(geed: Geed) -> None:
    """As a name of the catalogue is."""
    done = geed("explain", SAVED / "pinwheel.yaml")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith("pinwheel: a group of its own")


@pytest.mark.parametrize(("name", "kind"), [("weather", "the set weather"), ("policy", "a policy")])
def test_a_yaml_file_of_another_kind_is_refused(geed: Geed, name: str, kind: str) -> None:
    """As what it is not; the command that is proposed says what it is."""
    done = geed("explain", SAVED / f"{name}.yaml")
    assert done.exit_code == 2
    assert "describes no group" in done.stderr
    remedy = re.search(r"try: +geed (.*?), which", " ".join(done.stderr.split()))
    assert remedy is not None
    assert kind in geed(*shlex.split(remedy[1])).stdout


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("latent.l3", "latent.l2"), ("nul", "null"), ("flour", "floor"), ("exit 9", "exit 3")],
)
def test_an_unknown_name_is_one_error_with_the_nearest(geed: Geed, name: str, nearest: str) -> None:
    """Exit 2, nothing on stdout; the command that it proposes runs."""
    done = geed("explain", name)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: nothing is called")
    assert nearest in done.stderr
    remedy = done.stderr.rpartition("try:")[2].strip()
    assert geed(*shlex.split(remedy.removeprefix("geed "))).exit_code == 0


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("blur:0", "above 0, at most 100"),
        ("jpeg:x", "from 1 to 100"),
        ("c99", "n from 1 to 64"),
        ("c4*c8", "has 32 products"),
        ("blur:", "nothing is called"),
        ("x" * 5000, f"nothing is called '{'x' * 200}' expected"),
        ("x" * 5000 + ".yaml", "there is no file xxx"),
        ("x" * 5000 + ".json", "there is no file xxx"),
    ],
)
def test_what_is_nearly_a_name_is_refused(geed: Geed, wrong: str, said: str) -> None:
    """With what would have been right."""
    done = geed("explain", wrong)
    assert done.exit_code == 2
    assert said in " ".join(done.stderr.split())


def test_names_are_listed_on_a_short_page(geed: Geed) -> None:
    """Every heading and name, in at most 50 lines of 80 columns."""
    done = geed("explain")
    assert done.exit_code == 0
    shown = " ".join(done.stdout.split())
    for topic in everything():
        assert topic.name in shown or topic.heading == "warnings", topic.name
    assert len(done.stdout.splitlines()) <= 50


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
def test_text_is_wrapped_and_ends_at_column_100(
    geed: Geed, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    """Whatever the terminal's width is."""
    monkeypatch.setenv("COLUMNS", str(width))
    for name in ("scale", "latent.l2", "corrected-t", ""):
        done = geed("explain", *filter(None, [name]))
        assert max(map(len, done.stdout.splitlines())) <= min(width, 100)


def test_it_goes_by_what_is_printed(geed: Geed) -> None:
    """Other cases, headings with level or unit, two words without quotes, aliases named as such."""
    for written, title in (
        (("95%", "interval"), "interval:"),
        (("softmax.kl, nats",), "softmax.kl:"),
        (("channelwise.cosine at",), "channelwise.cosine:"),
        (("exit", "2"), "exit 2:"),
        (("2",), "2 (exit 2):"),
        (("top", "class"), "top class (prediction.flip_rate):"),
        (("Scale",), "scale:"),
        (("not_applicable",), "not_applicable (not applicable):"),
    ):
        assert geed("explain", *written).stdout.startswith(title)


@pytest.mark.parametrize("name", ["d4", "shift7", "rgb", "hue8", "flip*xshift7", "c4*rgb", "invert"])
def test_every_element_is_explained(name: str) -> None:
    """By the name that tables have; what is a group's name as well is the group."""
    for element in group_named(name).elements:
        found = topic_of(element)
        assert found.name == "elements" or (found.heading == "groups" and found.name == element)
    assert topic_of("m").name == "elements"
    assert topic_of("M").name == "M"


@pytest.mark.parametrize("equation", ["(1)", "(2)", "(4)", "(5)", "(6)"])
def test_equations_of_the_paper_are_explained(equation: str) -> None:
    """Each formula that names one can be followed there."""
    assert f"eq. {equation}" in topic_of(f"eq. {equation}").explained.formula


@lru_cache
def literals() -> tuple[str, ...]:
    """Every text in the package but docstrings, of attributes too; parts of f-strings by themselves."""
    found: list[str] = []
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        documented = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        found += [
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documented
        ]
    return tuple(found)


@lru_cache
def every_text() -> tuple[str, ...]:
    """Every text that the program may print or write: literals, help, templates, specs, the page."""
    pages = PACKAGE / "report" / "html" / "templates"
    folders = (PACKAGE / "cli" / "templates", PACKAGE.parent / "model_specs", pages)
    files = [path.read_text(encoding="utf-8") for folder in folders for path in folder.iterdir()]
    assert len(files) > 3
    return (*literals(), *files, *helps(get_command(app)))


def helps(command: Any) -> Iterator[str]:  # noqa: ANN401 - click's, or typer's own copy of it
    """What ``--help`` says of a command, of its parameters and of the commands in it."""
    yield from filter(None, (command.help, command.epilog))
    yield from filter(None, (getattr(each, "help", None) for each in command.params))
    for inner in getattr(command, "commands", {}).values():
        yield from helps(inner)


@pytest.mark.heavy
def test_every_reference_in_a_message_can_be_followed(geed: Geed) -> None:
    """``geed explain X``, wherever the program prints it, ends with exit 0."""
    found = {name for text in every_text() for name in REFERENCE.findall(text)}
    names = found - {"NAME", "FILE"}
    assert len(names) > 5
    for name in names:
        done = geed("explain", *shlex.split(name))
        assert done.exit_code == 0, name


def test_no_message_names_a_file_that_is_not_installed() -> None:
    """The pages of docs/, the README and others are in the repository alone."""
    pages = [path.name for path in PACKAGE.parent.glob("*.md")] + ["docs/"]
    assert len(pages) > 3
    assert [text for text in every_text() if any(page in text for page in pages)] == []


@pytest.mark.parametrize("terminal", ["xterm", "dumb"])
def test_a_dumb_terminal_gets_ascii(geed: Geed, monkeypatch: pytest.MonkeyPatch, terminal: str) -> None:
    """Every character of every explanation has something that stands for it."""
    monkeypatch.setenv("TERM", terminal)
    assert geed("explain", "scale").stdout.isascii() == (terminal == "dumb")
    if terminal == "dumb":
        for topic in everything():
            said = " ".join([topic.name, *map(str, vars(topic.explained).values())])
            assert ascii_text(said).isascii(), {c for c in ascii_text(said) if not c.isascii()}


@pytest.mark.parametrize("width", [60, 80])
@pytest.mark.parametrize("name", ["scale", "null", "prediction.flip_rate", "c8", "exit 2"])
def test_pages_are_those_that_were_looked_at(
    geed: Geed, monkeypatch: pytest.MonkeyPatch, name: str, width: int
) -> None:
    """To the letter, in ``explained/NAME_WIDTH.txt``."""
    monkeypatch.setenv("COLUMNS", str(width))
    golden = Path(__file__).parent / "explained" / f"{name.replace(' ', '_')}_{width}.txt"
    assert geed("explain", *name.split()).stdout == golden.read_text(encoding="utf-8")


def test_codes_are_those_of_the_errors() -> None:
    """Each class of error ends with a code that is explained."""
    assert {error.exit_code for error in (GeedError, InputError, RunError)} <= set(EXIT_CODES)


def test_files_to_start_from_are_right(tmp_path: Path, geed: Geed) -> None:
    """Each example of a file is valid as what it is, and every key of policies and specs is named."""
    for name, kind in (
        ("spec", "a spec"),
        ("group file", "the group"),
        ("set file", "the set"),
        ("policy", "a policy"),
    ):
        path = tmp_path / f"{name.replace(' ', '_')}.yaml"
        path.write_text(topic_of(name).explained.example)
        done = geed("validate", path, *(["--schema-only"] if name == "spec" else []))
        assert done.exit_code == 0, done.stderr
        assert f"valid: {kind}" in done.stdout
    for model, name in (
        (PolicyFile, "policy"),
        (RequirePart, "policy"),
        (RulePart, "policy"),
        (ModelSpec, "spec"),
    ):
        for key in model.model_fields:
            assert re.search(rf"\b{key}\b", topic_of(name).explained.formula), key


def test_a_user_is_told_that_a_glob_takes_what_is_on_request(geed: Geed) -> None:
    """By the page of the measure, with a glob that does take it, and by the help of the option."""
    for name in on_request():
        glob = f"{name.partition('.')[0]}.*"
        asked = (
            f"It is computed only where it is asked for: --metric {name}, or a glob that fits, as '{glob}'."
        )
        assert asked in " ".join(geed("explain", name).stdout.split())
        assert name in {measure.name for measure in select_measures([glob])}
    told = " ".join(geed("audit", "--help").stdout.replace("│", " ").split())
    assert "all but those on request ('geed ls metrics'), which a glob that fits takes, too." in told
