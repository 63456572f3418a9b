"""Which split of a data set is meant; train and validation have the synonyms that timm gives them."""

from collections.abc import Sequence

from geed_cli.documents.document import printable
from geed_cli.errors import InputError, nearest, nearest_are
from geed_cli.images.data_sets.row_columns import listed

TRAIN = ("train", "training")
VALIDATION = ("validation", "val", "valid", "eval", "evaluation")
TEST = ("test",)


def chosen_split(asked: str | None, there: Sequence[str], where: str) -> str:
    """The split that is meant, as the data set calls it.

    Args:
        asked: what ``--split`` says; None for the validation split, else the test split, else the only one.
        there: the splits of the data set.
        where: how messages call it.

    Raises:
        InputError: there is none of that name, or none was named and several may be meant.
    """
    if asked is None:
        usual = [name for name in (*VALIDATION, *TEST) if name in there]
        found = usual[0] if usual else there[0] if len(there) == 1 else None
        if found is None:
            raise InputError(
                f"{where} has no split for validation or test",
                expected=f"one of its splits: {listed(there)}",
                remedy=f"--split {printable(there[0])}",
            )
        return found
    same: Sequence[str] = next((names for names in (TRAIN, VALIDATION) if asked in names), ())
    found = next((name for name in (asked, *same) if name in there), None)
    if found is None:
        near = nearest(asked, there)
        raise InputError(
            f"{where} has no split {printable(asked)!r}",
            expected=f"one of its splits: {listed(there)}{nearest_are(near)}",
            remedy=f"--split {printable((near or list(there))[0])}",
        )
    return found
