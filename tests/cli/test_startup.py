"""The parts of the command line that must stay light, checked in fresh processes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("torch", "timm", "torchvision", "scipy.stats", "numpy")


def python(code: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.parametrize("arguments", [["--help"], ["audit", "--help"], ["ls", "--help"], ["--version"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    """--help answers at once because torch, timm and numpy are not imported."""
    code = (
        "import sys\n"
        "from geed_cli.cli.app import app\n"
        f"try: app({arguments!r})\n"
        "except SystemExit: pass\n"
        f"print('heavy:', [m for m in {HEAVY!r} if m in sys.modules])"
    )
    assert python(code).splitlines()[-1] == "heavy: []"


def test_the_package_imports_lazily() -> None:
    """``import geed_cli`` costs nothing; ``from geed_cli import audit`` works."""
    code = (
        "import sys, geed_cli; before = 'torch' in sys.modules\n"
        "from geed_cli import audit; print(before, callable(audit))"
    )
    assert python(code).split() == ["False", "True"]


def test_every_public_name_can_be_imported() -> None:
    """The lazy table has no dangling entry, and unknown names fail as usual."""
    import geed_cli

    for name in geed_cli.__all__:
        assert getattr(geed_cli, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = geed_cli.nothing


@pytest.mark.parametrize("command", [["ls", "groups"], ["ls", "metrics"], ["ls", "groups", "d*"]])
def test_listings_need_no_torch(command: list[str]) -> None:
    """They only read catalogues."""
    code = (
        "import sys\n"
        "from geed_cli.cli.app import app\n"
        f"try: app({command!r})\n"
        "except SystemExit as leave: assert not leave.code, leave.code\n"
        "print('torch:', 'torch' in sys.modules)"
    )
    assert python(code).splitlines()[-1] == "torch: False"


def test_python_dash_m() -> None:
    """``python -m geed_cli`` is ``geed``."""
    done = subprocess.run(
        [sys.executable, "-m", "geed_cli", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("geed ")


def test_a_closed_pipe_is_no_error() -> None:
    """``geed ls groups | head -1`` ends quietly."""
    command = f"{sys.executable} -m geed_cli ls groups 'd*' | head -n 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False, env=os.environ)
    assert done.stderr == ""
    assert "group" in done.stdout


def test_a_closed_pipe_does_not_lose_the_json(tmp_path: Path) -> None:
    """``geed audit … --json FILE | head -1``: the file is there, quietly."""
    target = tmp_path / "r.json"
    command = (
        f"{sys.executable} -m geed_cli audit efficientnet_lite0 -q --samples 2 --metric latent.l2 --json {target}"
        " | head -n 1"
    )
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert "error" not in done.stderr
    assert target.exists()
    assert done.stdout.startswith("geed audit")
