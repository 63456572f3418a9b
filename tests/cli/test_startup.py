"""The parts of the command line that must stay light, checked in fresh processes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.results import small_result

from geed_cli.__main__ import main
from geed_cli.result.file import to_strict_json, write_result
from geed_cli.sweeps.manifest import Cell, Member, Sweep, SweptData, SweptModel

TORCH = ("torch", "timm", "torchvision")
HEAVY = (*TORCH, "scipy.stats", "numpy", "matplotlib", "sqlite3", "rich.progress")


def python(code: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout


def imported(
    commands: list[list[str]], heavy: tuple[str, ...], calls: tuple[str, ...] = ()
) -> dict[str, list[str]]:
    """What of the heavy modules is there after each of some commands, and calls, in one process; all have to work."""
    code = (
        "import json, sys\n"
        "from geed_cli.cli.app import app\n"
        "found = {}\n"
        f"for command in {commands!r}:\n"
        "    try: app(command)\n"
        "    except SystemExit as leave: assert not leave.code, (command, leave.code)\n"
        f"    found[' '.join(command)] = [m for m in {heavy!r} if m in sys.modules]\n"
        "import geed_cli\n"
        f"for call in {calls!r}:\n"
        "    eval(f'geed_cli.{call}')\n"
        f"    found[call] = [m for m in {heavy!r} if m in sys.modules]\n"
        "print()\n"
        "print(json.dumps(found))"
    )
    found: dict[str, list[str]] = json.loads(python(code).splitlines()[-1])
    return found


def test_help_imports_nothing_heavy() -> None:
    """--help answers at once because torch, timm and numpy are not imported; all commands in one process."""
    named = ("audit", "ls", "track", "selftest", "cache")
    commands = [["--help"], *([name, "--help"] for name in named), ["--version"]]
    assert imported(commands, HEAVY) == {" ".join(command): [] for command in commands}


def test_help_reads_no_files_of_its_user() -> None:
    """Nor versions of what is installed: what these need takes a twentieth of a second."""
    assert imported([["--help"]], ("yaml", "tomllib", "importlib.metadata", "hashlib")) == {"--help": []}


def test_a_check_of_means_imports_no_solver(tmp_path: Path) -> None:
    """Which limits of rates alone are found by, and which takes a fifth of a second."""
    file, policy = tmp_path / "a.json", tmp_path / "policy.yaml"
    write_result(small_result(), file)
    policy.write_text("version: 1\nrules: [{id: small, metric: latent.l2, max: 50}]\n", encoding="utf-8")
    command = ["check", str(file), "--policy", str(policy)]
    assert imported([command], ("scipy.optimize",)) == {" ".join(command): []}


@pytest.mark.heavy
def test_saved_results_need_no_torch(tmp_path: Path) -> None:
    """Comparing, planning, judging, tracking and showing a sweep again need numpy and scipy alone; and cache list."""
    files = [tmp_path / "a.json", tmp_path / "b.json"]
    for seed, file in enumerate(files):
        write_result(small_result(seed), file)
    policy = tmp_path / "policy.yaml"
    policy.write_text(
        "version: 1\nrules: [{id: small, metric: latent.l2, max: 50}]\n"
        "baseline:\n  rules: [{id: change, metric: latent.l2, max_increase: 50}]\n",
        encoding="utf-8",
    )
    one, two = map(str, files)
    models = [SweptModel(label=name, members=(Member(name=name, text=name),)) for name in "ab"]
    cells = [Cell(model=x, member=x, data="d", file=f"{x}.json", recipe="", status="done") for x in "ab"]
    swept = Sweep(
        status="complete", settings={"interval": {}}, models=tuple(models), data=(SweptData(label="d", source=None),),
        cells=tuple(cells), confidence=0.95,
    )  # fmt: skip
    (tmp_path / "sweep.json").write_text(to_strict_json(swept), encoding="utf-8")
    commands = [
        ["compare", one, two],
        ["plan", one, "--width", "0.1"],
        ["check", one, "--policy", str(policy), "--baseline", two],
        ["sweep", str(tmp_path), "--metric", "softmax.kl"],
        ["cache", "list"],
    ]
    calls = (
        f"compare([{one!r}, {two!r}])",
        f"plan({one!r}, width=0.1)",
        f"check({one!r}, {str(policy)!r}, baseline={two!r})",
        f"track({{0: geed_cli.load({one!r}), 1: {two!r}}})",
    )
    heavy = (*TORCH, "scipy.stats", "pandas")
    assert imported(commands, heavy, calls) == {key: [] for key in [*map(" ".join, commands), *calls]}


def test_the_package_imports_lazily() -> None:
    """``import geed_cli`` costs nothing."""
    assert python("import sys, geed_cli; print('torch' in sys.modules)").split() == ["False"]


def test_every_public_name_can_be_imported() -> None:
    """The lazy table has no dangling entry, and unknown names fail as usual."""
    import geed_cli

    for name in geed_cli.__all__:
        assert getattr(geed_cli, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = geed_cli.nothing


@pytest.mark.heavy
def test_listings_need_no_torch() -> None:
    """They only read catalogues."""
    commands = [
        ["ls", "groups"],
        ["ls", "metrics"],
        ["ls", "sets"],
        ["ls", "groups", "d*"],
        ["explain"],
        ["explain", "latent.l2"],
    ]
    assert imported(commands, ("torch",)) == {" ".join(command): [] for command in commands}


def test_python_dash_m() -> None:
    """``python -m geed_cli`` is ``geed``."""
    done = subprocess.run(
        [sys.executable, "-m", "geed_cli", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("geed ")


@pytest.mark.heavy
def test_a_closed_pipe_is_no_error() -> None:
    """``geed ls groups | true``: the reader is gone before anything is written; quiet, exit 0."""
    code = (
        "import os, sys\n"
        "read, write = os.pipe()\n"
        "os.close(read)\n"
        "os.dup2(write, 1)\n"
        "from geed_cli.__main__ import main\n"
        "sys.argv = ['geed', 'ls', 'groups', 'd*']\n"
        "main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.returncode == 0


def test_closed_streams_are_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """``geed ls metrics >&- 2>&-``, where Python has no stream at all: files are written, codes are as ever."""
    for arguments, code in ((["ls", "metrics"], 0), (["explain", "nothing"], 2)):
        monkeypatch.setattr(sys, "argv", ["geed", *arguments])
        for name in ("stdout", "stderr"):
            monkeypatch.setattr(sys, name, None)
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == code
        sys.stdout.close()
        sys.stderr.close()


def test_a_full_device_is_an_error_with_its_reason() -> None:
    """``geed ls groups > /dev/full``: exit 3 and what the system said, not an internal error."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "geed_cli", "ls", "groups"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 3
    assert "No space left" in done.stderr
    assert "internal" not in done.stderr


@pytest.mark.heavy
def test_a_stream_that_cannot_show_a_sign_is_no_error() -> None:
    """Windows code pages and C locales: a question mark instead of a bar."""
    done = subprocess.run(
        [sys.executable, "-m", "geed_cli", "ls", "metrics"],
        capture_output=True,
        check=False,
        env=os.environ | {"PYTHONIOENCODING": "cp1252"},
    )
    assert done.returncode == 0
    assert b"latent.l2" in done.stdout


@pytest.mark.heavy
def test_a_closed_pipe_does_not_lose_the_json(tmp_path: Path) -> None:
    """``geed compare … --json FILE | head -1``: the file is there, quietly."""
    saved, target = [tmp_path / "0.json", tmp_path / "1.json"], tmp_path / "c.json"
    for seed, path in enumerate(saved):
        write_result(small_result(seed), path)
    command = f"{sys.executable} -m geed_cli compare {saved[0]} {saved[1]} --json {target} | head -n 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert "error" not in done.stderr
    assert target.exists()
    assert done.stdout.startswith("flip  "), "the answer for the first group"


@pytest.mark.heavy
def test_what_is_imported_at_once_is_not_searched_for_garbage() -> None:
    """Modules leave the collector's care; a second block, which imports nothing, leaves it as it is."""
    code = (
        "import gc\n"
        "from geed_cli.cli.startup import uncollected\n"
        "with uncollected():\n"
        "    import torch\n"
        "    print(gc.isenabled())\n"
        "frozen = gc.get_freeze_count()\n"
        "kept = [[]]\n"
        "with uncollected():\n"
        "    import torch\n"
        "print(frozen > 10_000, gc.get_freeze_count() == frozen, gc.isenabled())"
    )
    assert python(code).split() == ["False", "True", "True", "True"]


def test_a_measure_is_explained_without_scipy_and_schemas() -> None:
    """They are most of what ``explain`` would wait for."""
    code = (
        "import sys\n"
        "from geed_cli.cli.app import app\n"
        "try: app(['explain', 'latent.l2'])\n"
        "except SystemExit as leave: assert not leave.code, leave.code\n"
        "print([m for m in ('torch', 'scipy', 'geed_cli.result.schema') if m in sys.modules])"
    )
    assert python(code).splitlines()[-1] == "[]"
