"""Which warnings fail a test: those of our own code do, those that other packages are given do not."""

import warnings
from collections.abc import Callable

import numpy as np
import pytest


def called_from(module: str, stacklevel: int, category: type[Warning]) -> Callable[[], None]:
    """A function of that module, which calls a library that warns with that stack level."""
    library = {"__name__": "some.library", "warn": warnings.warn, "category": category}
    exec(f"def old(): warn('old', category, stacklevel={stacklevel})", library)
    caller = {"__name__": module, "old": library["old"]}
    exec("def call(): old()", caller)
    return caller["call"]  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "category", [DeprecationWarning, FutureWarning, RuntimeWarning, SyntaxWarning, UserWarning]
)
@pytest.mark.parametrize(
    "module", ["geed_cli.models.load", "geed_cli", "benchmarks.speed", "conftest", __name__]
)
def test_what_our_modules_are_warned_of_is_an_error(module: str, category: type[Warning]) -> None:
    """Calls to a library that says who called it."""
    with pytest.raises(category, match="old"):
        called_from(module, 2, category)()


@pytest.mark.parametrize(
    "category", [DeprecationWarning, FutureWarning, RuntimeWarning, SyntaxWarning, UserWarning]
)
@pytest.mark.parametrize("module", ["geed_cli_plugin", "torch._dynamo.guards", "e2cnn.group.representation"])
def test_what_other_packages_are_warned_of_is_not(module: str, category: type[Warning]) -> None:
    """Calls among them; a name that only begins as ours do is another's, too."""
    with warnings.catch_warnings(record=True) as seen:  # under the filters as they are, unlike pytest.warns
        called_from(module, 2, category)()
    assert [warning.category for warning in seen] == [category]


def test_numbers_gone_wrong_are_errors_wherever_they_are_noticed() -> None:
    """In the line that computes, and inside NumPy, whose functions handle what they are handed."""
    with pytest.raises(RuntimeWarning, match="divide by zero"):
        np.log(np.zeros(1))
    with pytest.raises(RuntimeWarning, match="empty slice"):
        np.mean(np.zeros(0))
    with pytest.raises(RuntimeWarning, match="invalid value"):
        np.corrcoef(np.zeros((2, 3)))


def test_files_left_open_are_errors_wherever_they_are_noticed() -> None:
    """Whatever runs when one is collected."""
    with pytest.raises(ResourceWarning, match="old"):
        called_from("some.package", 2, ResourceWarning)()
