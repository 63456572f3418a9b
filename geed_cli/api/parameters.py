"""What the functions of Python share: one name or several, and what options of results are called."""

from collections.abc import Iterable, Mapping, Sequence

from geed_cli.errors import InputError
from geed_cli.verdict.python_names import FIELDS

Names = str | Sequence[str]
"""One name or glob, or several."""
OF_RESULTS: Mapping[str, str] = {
    "--json": "result.save(FILE)",
    "--norm-samples": FIELDS["--norm-samples"],
}
"""Options that refusals of saved results name: of how these are made."""


def several(names: Names) -> tuple[str, ...]:
    """A single name as a list of one.

    Raises:
        InputError: something else in the place of a name.
    """
    listed = tuple(names) if isinstance(names, Iterable) and not isinstance(names, str) else (names,)
    for each in listed:
        if not isinstance(each, str):
            raise InputError(
                f"{each!r}, of type {type(each).__name__}, in the place of a name",
                expected="a name or glob as text, or a list of them",
                remedy='metrics="latent.*", layers=["layer3", "layer4"]',
            )
    return listed
