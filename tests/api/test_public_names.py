"""What ``import geed_cli`` offers: every name leads somewhere, says what it is, and costs nothing until then."""

import subprocess
import sys
from importlib import import_module

import pytest

import geed_cli


@pytest.mark.parametrize("name", [name for name in geed_cli.__all__ if not name.startswith("__")])
def test_a_public_name_leads_to_something_that_is_explained(name: str) -> None:
    assert getattr(geed_cli, name).__doc__


def test_every_home_is_public_and_the_other_way_round() -> None:
    """The names are those of the table and the rooms, each once; completion offers them."""
    homes = [name for names in geed_cli._HOMES.values() for name in names]
    assert sorted([*homes, *geed_cli._ROOMS, "__version__"]) == sorted(geed_cli.__all__) == dir(geed_cli)
    for module, names in geed_cli._HOMES.items():
        home = import_module(f"geed_cli.{module}")
        assert all(getattr(home, name) is getattr(geed_cli, name) for name in names)
    with pytest.raises(AttributeError, match="no attribute 'adit'"):
        _ = geed_cli.adit  # type: ignore[attr-defined]


def test_importing_the_package_imports_nothing_else_of_weight() -> None:
    heavy = ("torch", "timm", "torchvision", "numpy", "scipy", "pydantic", "rich", "typer", "PIL")
    code = f"import sys, geed_cli; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
