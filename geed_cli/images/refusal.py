"""Why a file is not used: the exception that decoding raises and the record that a result keeps.

A refusal is a fact about one file, not a failure of the run; whether it ends the run is decided by the
caller. Reasons are one line, start in lower case and do not repeat the path.
"""

from dataclasses import dataclass


class ImageRefused(Exception):  # noqa: N818 - a verdict about a file, not an error of the program
    """This file cannot be used as a picture.

    Args:
        reason: why, one line.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class RefusedFile:
    """A file (or a folder that was not searched) that is counted and not used.

    Attributes:
        path: POSIX path relative to the image folder.
        reason: why, one line.
    """

    path: str
    reason: str
