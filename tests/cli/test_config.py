"""Options from a run file, pyproject.toml and the environment: what wins, what is refused, and what is recorded."""

from pathlib import Path

import pytest
from support.command import COMMAND, Geed
from support.pictures import smooth_pictures
from support.results import save_run

from geed_cli.cli.settings import (
    FLAGS_ONLY,
    NOT_FROM_PROJECT,
    OF_WORKFLOWS,
    OWN_VARIABLES,
    TYPED_ONLY,
    keys_of,
)
from geed_cli.documents.strict_yaml import parse_yaml, read_yaml
from geed_cli.documents.toml_table import read_toml_table
from geed_cli.result.file import read_result

ROOT = Path(__file__).parents[2]
READ_FROM_PROJECT = {"classes", "policy", "baseline"}
"""Options whose value is a path that is read, and no network."""
PLACES = ("pyproject.toml", "run.yaml", "GEED_SAMPLES", "typed")


def _leaves(command: object = COMMAND, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], object]:
    below = getattr(command, "commands", None)
    if below is None:
        return {path: command}
    return {name: leaf for key, one in below.items() for name, leaf in _leaves(one, (*path, key)).items()}


LEAVES = _leaves()


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("GEED_SAMPLES", "GEED_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)


def _resolved(geed: Geed, *words: str) -> dict[str, object]:
    done = geed(*words, "--print-config")
    assert done.exit_code == 0, done.stderr
    return parse_yaml(done.stdout, "printed").data or {}


@pytest.mark.parametrize("low", range(4))
@pytest.mark.parametrize("high", range(4))
def test_what_wins(geed: Geed, monkeypatch: pytest.MonkeyPatch, low: int, high: int) -> None:
    """Every pair of places, and each alone: typed, then the environment, then the file, then pyproject.toml."""
    words = ["audit", "x"]
    for place in {low, high}:
        value = 11 + place
        match PLACES[place]:
            case "pyproject.toml":
                Path("pyproject.toml").write_text(f"[tool.geed]\nsamples = {value}\n", "utf-8")
            case "run.yaml":
                Path("run.yaml").write_text(f"samples: {value}\n", "utf-8")
                words += ["--config", "run.yaml"]
            case "GEED_SAMPLES":
                monkeypatch.setenv("GEED_SAMPLES", str(value))
            case _:
                words += ["--samples", str(value)]
    assert _resolved(geed, *words) == {"samples": 11 + max(low, high)}


def test_the_part_of_a_command_goes_before_the_rest_of_its_file(geed: Geed) -> None:
    """And pyproject.toml's part after the other file's rest; a list replaces a list; other commands' options wait."""
    Path("pyproject.toml").write_text(
        "[tool.geed]\nseed = 1\ngroup = 'c8'\n\n[tool.geed.audit]\nsamples = 5\nseed = 2\nfloor = 4\n",
        "utf-8",
    )
    Path("run.yaml").write_text("samples: 6\ngroup: [flip, c4]\nwidth: 0.1\naudit:\n  twin: true\n", "utf-8")
    assert _resolved(geed, "audit", "x", "--config", "run.yaml") == {
        "samples": 6, "group": ["flip", "c4"], "twin": True, "seed": 2, "floor": 4,
    }  # fmt: skip
    assert _resolved(geed, "compare", "a", "b") == {"seed": 1, "group": ["c8"]}
    assert _resolved(geed, "audit", "x", "-g", "d8", "--config=run.yaml")["group"] == ["d8"]


def test_flags_are_switched_off_by_what_goes_before(geed: Geed, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file over pyproject.toml, a variable over both; values of a variable are parted at blanks."""
    Path("pyproject.toml").write_text("[tool.geed]\ntwin = true\nsimultaneous = true\n", "utf-8")
    Path("run.yaml").write_text("simultaneous: false\n", "utf-8")
    monkeypatch.setenv("GEED_TWIN", "0")
    monkeypatch.setenv("GEED_METRIC", "latent.l2 softmax.*")
    assert _resolved(geed, "audit", "x", "--config", "run.yaml") == {
        "metric": ["latent.l2", "softmax.*"],
        "twin": False,
        "simultaneous": False,
    }
    monkeypatch.setenv("GEED_TWIN", "maybe")
    assert "the environment has GEED_TWIN=maybe" in geed("audit", "x").stderr


def _value(command: str, key: str) -> object:
    special = {
        "confidence": 0.9, "power": 0.9, "until-width": 0.5, "width": 0.5, "boundary": "context", "decode": "fast",
        "interpolation": "bicubic", "on-bad-image": "skip", "weights": "random", "ci": "bca", "discover": "linear",
        "device": "cpu", "precision": "fp64", "on-nonfinite": "skip", "on-unsteady": "report", "plot": "depth",
        "on-undecided": "pass", "output-format": "github", "by": "class", "engine": "ray", "gpus-per-worker": 0.5,
    }  # fmt: skip
    return "github" if (command, key) == ("init", "ci") else special.get(key, 200)


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_every_option_of_every_command_can_stand_in_a_file(geed: Geed, path: tuple[str, ...]) -> None:
    """All at once, under the command's name; what is printed is the same, and is a file that says it again."""
    command, name = LEAVES[path], " ".join(path)
    wanted: dict[str, object] = {}
    lines = [f"{name}:"]
    for key, option in keys_of(command).items():
        if key in FLAGS_ONLY | TYPED_ONLY:
            continue
        value = True if option.is_flag else _value(name, key)
        lines.append(f"  {key}: {str(value).lower()}")
        # a value of text comes back as text
        wanted[key] = [str(value)] if option.multiple else value
    Path("run.yaml").write_text("\n".join(lines) + "\n", "utf-8")
    arguments = ["x" for param in command.params if param.param_type_name == "argument" and param.required]
    first = _resolved(geed, *path, *arguments, "--config", "run.yaml")
    assert first.keys() == wanted.keys()
    assert {key: str(value) for key, value in first.items()} == {k: str(v) for k, v in wanted.items()}
    Path("again.yaml").write_text(
        geed(*path, *arguments, "--config", "run.yaml", "--print-config").stdout, "utf-8"
    )
    assert _resolved(geed, *path, *arguments, "--config", "again.yaml") == first


@pytest.mark.parametrize(
    ("text", "found", "expected"),
    [
        ("seed: 1\nsample: 5", "run.yaml:2: unknown key 'sample'", "did you mean samples or"),
        ("draw_seed: 5", "run.yaml:1: unknown key 'draw_seed'", "did you mean draw-seed"),
        ("audit:\n  width: 1", "run.yaml:2: unknown key 'audit.width'", "an option of geed audit"),
        ("plan:\n  widht: 1", "run.yaml:2: unknown key 'plan.widht'", "did you mean width"),
        ("auditt: {}", "run.yaml:1: unknown key 'auditt'", "did you mean audit"),
        ("audit: 3", "run.yaml:1: 'audit' is no mapping", "options of geed audit"),
        ("samples: 0", "run.yaml:1: invalid value for '--samples': it should be greater", "--samples: audit at most"),
        ("samples: [1, 2]", "run.yaml:1: 'samples' is a list", "one value: Audit at most"),
        ("samples:", "run.yaml:1: 'samples' is empty", "one value"),
        ("group: {a: 1}", "run.yaml:1: 'group' is a mapping", "a value or a list of values"),
        ("group: [flip, true]", "run.yaml:1: 'group' is true", "a value or a list of values"),
        ("twin: 1", "run.yaml:1: 'twin' is '1'", "twin: true, or twin: false"),
        ("audit:\n  precision: f64", "run.yaml:2: invalid value for '--precision': 'f64'", "did you mean fp64"),
        ("allow-code: true", "run.yaml:1: 'allow-code'", "--allow-code as a flag on the command line alone"),
        ("audit: {allow-pickle: false}", "run.yaml:1: 'allow-pickle'", "alone, since it lets code run"),
        ("config: other.yaml", "run.yaml:1: 'config'", "--config as a flag on the command line alone"),
        ("- a", "run.yaml:1: no mapping", "options and their values"),
        ("samples: &a 5", "run.yaml:1: an anchor", "every value written out"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_file_is_named_with_its_line(
    geed: Geed, text: str, found: str, expected: str
) -> None:
    """Exit 2, three lines; nothing is loaded, and the way to the help stays open."""
    Path("run.yaml").write_text(text, "utf-8")
    done = geed("audit", "x", "--config", "run.yaml")
    assert (done.exit_code, done.stdout) == (2, "")
    first, second, _ = done.stderr.splitlines()
    assert first.startswith(f"error: {found}")
    assert expected in second
    assert geed("audit", "--config", "run.yaml", "--help").exit_code == 0


def test_a_file_that_is_not_there(geed: Geed) -> None:
    """The one that was named is an error; no pyproject.toml, or one of others, is none."""
    assert "there is no file none.yaml" in geed("audit", "x", "--config", "none.yaml").stderr
    Path("pyproject.toml").write_text("[tool.other\n", "utf-8")
    assert _resolved(geed, "audit", "x") == {}
    Path("pyproject.toml").write_text("[tool.geed\n", "utf-8")
    assert geed("audit", "x").stderr.startswith("error: pyproject.toml is no TOML: Expected ']'")


def test_a_value_that_the_command_refuses_is_followed_by_its_place(geed: Geed) -> None:
    """Where the parser has no bound, the command has: the message is the typed one's, and the places follow."""
    Path("run.yaml").write_text("confidence: 3\n", "utf-8")
    typed, read = geed("audit", "x", "--confidence", "3"), geed("audit", "x", "--config", "run.yaml")
    assert read.exit_code == typed.exit_code == 2
    assert read.stderr == typed.stderr + "  not typed: --confidence 3 (run.yaml:1)\n"


@pytest.mark.parametrize("key", sorted(FLAGS_ONLY))
def test_no_variable_lets_code_run(geed: Geed, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    """Flags alone do."""
    monkeypatch.setenv("GEED_" + key.upper().replace("-", "_"), "1")
    assert f"--{key} as a flag on the command line alone" in geed("audit", "x").stderr


def test_pyproject_writes_nothing_and_names_no_network(geed: Geed) -> None:
    """Every option that takes a path is either refused there or named here as one that is read."""
    keys = {key: option for leaf in LEAVES.values() for key, option in keys_of(leaf).items()}
    assert keys.keys() >= NOT_FROM_PROJECT
    paths = {key for key, option in keys.items() if "Path" in str(option.type_descriptor.annotation)}
    assert paths - NOT_FROM_PROJECT - TYPED_ONLY == READ_FROM_PROJECT
    for key in NOT_FROM_PROJECT | FLAGS_ONLY:
        Path("pyproject.toml").write_text(f"[tool.geed]\n{key} = 'a'\n", "utf-8")
        done = geed("ls", "sets")
        assert done.exit_code == 2
        assert f"pyproject.toml:2: '{key}'" in done.stderr


def test_lines_of_toml() -> None:
    """Tables, subtables, quoted keys and inline tables, whose keys have the line of the table."""
    file = Path("pyproject.toml")
    file.write_text(
        '[project]\nname = "x"\n[tool.geed]\nseed = 1\n"samples" = 2\n[tool.geed."audit"]\nfloor = 3\n'
    )
    document = read_toml_table(file, "tool", "geed")
    assert document is not None
    assert document.data == {"seed": 1, "samples": 2, "audit": {"floor": 3}}
    lines = {("seed",): 4, ("samples",): 5, ("audit",): 6, ("audit", "floor"): 7}
    assert {path: document.line(path) for path in lines} == lines
    file.write_text("a = 1\n[tool]\ngeed = {seed = 1}\n")
    document = read_toml_table(file, "tool", "geed")
    assert document is not None
    assert document.line(("seed",)) == 3


def test_variables_with_another_meaning_keep_it(geed: Geed, monkeypatch: pytest.MonkeyPatch) -> None:
    """GEED_CACHE_DIR goes before a file; the variables of workflows are those of ``geed init`` and the action."""
    Path("run.yaml").write_text("cache-dir: of-file\n", "utf-8")
    assert geed("cache", "path", "--config", "run.yaml").stdout.strip().endswith("of-file")
    monkeypatch.setenv("GEED_CACHE_DIR", "of-variable")
    assert geed("cache", "path", "--config", "run.yaml").stdout.strip().endswith("of-variable")
    assert "GEED_CACHE_DIR" in OWN_VARIABLES
    texts = [(ROOT / "action.yml").read_text("utf-8")]
    texts += [file.read_text("utf-8") for file in (ROOT / "geed_cli" / "cli" / "templates").glob("*.yml")]
    for variable in OF_WORKFLOWS:
        assert any(f"{variable}:" in text for text in texts)
        monkeypatch.setenv(variable, "flip c4")
    assert _resolved(geed, "audit", "x") == {}


def test_a_result_records_the_resolved_form(geed: Geed, tmp_path: Path) -> None:
    """The words in place of the file's name, which run again without the file."""
    smooth_pictures(tmp_path / "p", 3, 32)
    Path("run.yaml").write_text(
        "weights: random\nimg-size: 32\ndevice: cpu\nno-cache: true\nmetric: [latent.*]\ndata: p\nsamples: 9\n",
        "utf-8",
    )
    words = ("audit", "timm:test_resnet", "--config", "run.yaml", "--samples", "3", "--json", "a.json", "-q")
    done = geed(*words)
    assert done.exit_code == 0, done.stderr
    command = read_result(Path("a.json")).command
    assert command == (
        "geed", "audit", "--weights", "random", "--img-size", "32", "--device", "cpu", "--no-cache",
        "--metric", "latent.*", "--data", "p", "timm:test_resnet", "--samples", "3", "--json", "a.json", "-q",
    )  # fmt: skip
    Path("run.yaml").unlink()
    assert geed(*command[1:]).exit_code == 0


def test_options_for_any_command_are_no_mistake_where_they_cannot_act(geed: Geed, tmp_path: Path) -> None:
    """Saved results are compared beside a file for audits; under the command's own name it is a mistake."""
    save_run(tmp_path, (3, 10))
    a, b = sorted(tmp_path.glob("run0_*.json"))
    Path("run.yaml").write_text("samples: 50\n", "utf-8")
    done = geed("compare", a, b, "--config", "run.yaml")
    assert "--samples" not in done.stderr
    assert done.exit_code == geed("compare", a, b).exit_code == 0
    Path("run.yaml").write_text("compare:\n  samples: 50\n", "utf-8")
    assert "--samples cannot act on" in geed("compare", a, b, "--config", "run.yaml").stderr


def test_the_page_about_run_files_has_an_example_that_is_valid(geed: Geed) -> None:
    """And names the options that pyproject.toml may not have, and the variables that are no options."""
    page = (ROOT / "docs" / "config.md").read_text("utf-8")
    Path("run.yaml").write_text(page.split("```yaml\n")[1].split("```")[0], "utf-8")
    for name in ("audit", "compare"):
        words = [name, "a", "b"][: 2 + (name == "compare")]
        assert set(_resolved(geed, *words, "--config", "run.yaml")) >= {"samples", "group", "metric"}
    assert read_yaml(Path("run.yaml")).data
    Path("pyproject.toml").write_text(page.split("```toml\n")[1].split("```")[0], "utf-8")
    assert _resolved(geed, "audit", "x")["samples"] == 500
    assert all(f"`{name}`" in page for name in NOT_FROM_PROJECT | OF_WORKFLOWS | FLAGS_ONLY | OWN_VARIABLES)
