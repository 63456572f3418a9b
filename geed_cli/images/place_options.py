"""What options say of how a source of pictures is read; each kind of source reads those that it knows."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PlaceOptions:
    """How what ``--data`` names is read.

    Attributes:
        follow_links: whether symbolic links below a folder are followed; inside of files they never are.
    """

    follow_links: bool = False
