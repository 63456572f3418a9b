"""The catalogues: what every measure and control must say of itself, and that reading them needs no torch."""

import pkgutil
import subprocess
import sys
from importlib import import_module

import pytest

from geed_cli.errors import InputError
from geed_cli.measures.catalogue import BY_NAME, measure_named
from geed_cli.measures.control import CONTROLS

TORCHLESS = ("report", "gate", "tracking", "comparison", "statistics", "result")


@pytest.mark.parametrize("name", BY_NAME)
def test_a_measure_explains_itself(name: str) -> None:
    """Definition, range, reading, an example and where it is from; its best value is on its scale."""
    measure = measure_named(name)
    said = measure.explanation
    assert measure.definition in said.formula
    assert measure.equation in said.formula
    assert said.range.startswith(measure.range)
    assert all((said.what, said.reading, said.example, said.source))
    assert measure.scale.lo <= measure.best <= measure.scale.hi
    assert measure.primary.primary is measure.primary


def test_a_control_in_a_table_is_explained() -> None:
    """A heading without a line of the legend says nothing; what is dead is explained with its measure."""
    for control in CONTROLS.values():
        if control.heading and not control.part:
            assert control.reading.startswith(f"{control.heading}:")


def test_an_unknown_measure_is_named() -> None:
    """As of a result that a newer version wrote."""
    with pytest.raises(InputError, match=r"latent\.l3"):
        measure_named("latent.l3")


@pytest.mark.heavy
def test_reports_and_statistics_import_no_torch() -> None:
    """Nor the measures that they ask; lint-imports cannot tell an import inside a function from one at the top."""
    modules = [
        name
        for part in TORCHLESS
        for _, name, _ in pkgutil.iter_modules(
            import_module(f"geed_cli.{part}").__path__, f"geed_cli.{part}."
        )
    ]
    code = (
        "import sys\nfrom importlib import import_module\n"
        f"for name in {modules!r}: import_module(name)\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]
