"""What options say of how a source of pictures is read; each kind of source reads those that it knows."""

from collections.abc import Collection
from dataclasses import dataclass

from geed_cli.errors import InputError


@dataclass(frozen=True)
class PlaceOptions:
    """How what ``--data`` names is read.

    Attributes:
        follow_links: whether symbolic links below a folder are followed; inside of files they never are.
        split: of a data set; None for its validation split, or what stands in for it.
        image_key: the column of a data set's rows that has the pictures; None to find it by its type.
        label_key: the column with the labels, likewise.
    """

    follow_links: bool = False
    split: str | None = None
    image_key: str | None = None
    label_key: str | None = None

    def refuse_but(self, where: str, known: Collection[str] = ()) -> None:
        """Refuse what was said and cannot act on a source.

        Args:
            where: how messages call it.
            known: the attributes that act there.

        Raises:
            InputError: naming the options.
        """
        said = [name for name in ("split", "image_key", "label_key") if getattr(self, name) is not None]
        idle = [f"--{name.replace('_', '-')}" for name in said if name not in known]
        if idle:
            raise InputError(
                f"{' and '.join(idle)} cannot act on {where}",
                expected="options that change what is read: data sets have splits, and their rows have columns",
                remedy=f"leave out {' and '.join(idle)}",
            )
