"""Numbers by the elements of a group, as a mapping that says which there are where it is asked for another."""

from typing import Annotated, NoReturn, TypeVar

from pydantic import AfterValidator

from geed_cli.documents.document import printable
from geed_cli.errors import nearest
from geed_cli.phrases import some
from geed_cli.result.by_name import NoEntryError

T = TypeVar("T")


class Elements(dict[str, T]):
    """A dict like any other, but for what it says of an element that is not in it."""

    def __missing__(self, element: object) -> NoReturn:
        names = list(self)
        near = nearest(str(element), names) or names
        raise NoEntryError(
            f"no element {printable(repr(element), 100)} here",
            expected=f"one of {some(near)}" if names else "elements, of which there are none",
            remedy=f"[{near[0]!r}]" if near else "list(entry.per_element)",
        )


ByElement = Annotated[dict[str, T], AfterValidator(Elements)]
"""By an element's name."""
