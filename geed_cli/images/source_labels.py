"""The labels that a source has itself: a list in its column, a data set beside its pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from geed_cli.documents.document import path_text, printable
from geed_cli.errors import InputError
from geed_cli.phrases import counted

DATA = "data"
"""The word by which ``--labels`` asks for them."""
MOST_NAMED = 20


@dataclass(frozen=True)
class SourceLabels:
    """What a source says of the classes of its pictures.

    Attributes:
        root: how the source is named in results.
        said: the label of each picture as text, empty where it has none; None where the source has no labels.
        classes: what the source calls the classes, by their numbers; empty where labels are all that is known.
        fields: what else its rows have.
    """

    root: str
    said: Mapping[str, str] | None
    classes: tuple[str, ...]
    fields: tuple[str, ...]

    def of(self, paths: Sequence[str]) -> tuple[str, ...]:
        """The labels of these pictures as they are written.

        Raises:
            InputError: the source has none, or some of the pictures have none.
        """
        where = path_text(self.root)
        if self.said is None:
            raise self._none(where)
        found = tuple(self.said[path].strip() for path in paths)
        bare = [path for path, label in zip(paths, found, strict=True) if not label]
        if bare:
            raise InputError(
                f"--labels {DATA}, and {len(bare)} of {counted(len(paths), 'picture')} of {where} have no label, the "
                f"first of them {printable(bare[0])}",
                expected="a label for every audited picture",
                remedy="a split or data set in which all have one, or leave out --labels",
            )
        return found

    def _none(self, where: str) -> InputError:
        """The refusal of a source without labels, with the columns that might have them."""
        if not self.fields:
            return InputError(
                f"--labels {DATA}, and {where} has no labels of its own",
                expected="a list with a column label, or a data set with labels beside its pictures",
                remedy="--labels folder, or --labels FILE.csv with the columns path and label",
            )
        listed = ", ".join(printable(name) for name in self.fields[:MOST_NAMED])
        return InputError(
            f"--labels {DATA}, and none of the columns of {where} is the one of class labels",
            expected=f"the name of the column that has the labels; its columns are {listed}",
            remedy=f"--label-key {printable(self.fields[-1])}",
        )
