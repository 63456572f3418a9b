"""Clusters of images: which belong together, as frames of a video or crops of a picture do, by their paths.

A cluster is the unit that is drawn (docs/statistics.md). Values do not depend on clusters, so a saved result may be
given some afterwards: its intervals are then made anew from its rows.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from geed_cli.documents.column_of_paths import read_column, require_all
from geed_cli.documents.document import printable
from geed_cli.documents.pattern import compiled
from geed_cli.errors import InputError
from geed_cli.result.intervals import remade
from geed_cli.result.samples import folder_of
from geed_cli.result.schema import Clusters, Result

FOLDER = "folder"
MATCH_SECONDS = 20.0
"""For all paths together."""
COLUMN = "cluster"
MOST_NAMED = 5
"""Images that one message names; the others are counted."""


@dataclass(frozen=True)
class Clustering:
    """How images are put into clusters.

    Attributes:
        how: as it is recorded and shown.
        names: the name of each path's cluster.
        listed: whether a column of the list of images says it, and no option.
    """

    how: str
    names: Callable[[Sequence[str]], tuple[str, ...]]
    listed: bool = False

    def of(self, paths: Sequence[str]) -> Clusters:
        """The clusters of these images, in the order in which they come first.

        Raises:
            InputError: an image without a cluster.
        """
        names = self.names(paths)
        known = {name: place for place, name in enumerate(dict.fromkeys(names))}
        return Clusters(how=self.how, names=tuple(known), of=tuple(known[name] for name in names))

    def check(self, paths: Sequence[str]) -> None:
        """Refuse a rule by which some images have no cluster, or all have the same.

        Raises:
            InputError: naming some images.
        """
        found = self.of(paths)
        if len(paths) > 1 and len(found.names) == 1:
            rule = "the clusters of" if self.listed else "--cluster"
            raise InputError(
                f"{rule} {self.how}: all {len(paths)} images are in one cluster, {printable(found.names[0])!r}",
                expected="clusters that are drawn independently of each other, at least 20 for an interval",
                remedy="a rule that tells them apart, or leave out "
                f"{'the column' if self.listed else '--cluster'} where images are independent",
            )


def read_clustering(text: str) -> Clustering:
    """The rule that ``--cluster`` names: ``folder``, a table of paths, or a regular expression.

    Raises:
        InputError: a file that is no such table, or a regular expression that is none.
    """
    if text == FOLDER:
        return Clustering(FOLDER, lambda paths: tuple(folder_of(path) or "." for path in paths))
    if text.lower().endswith(".csv"):
        return _of_table(Path(text))
    return by_pattern(text, text)


def by_pattern(text: str, how: str) -> Clustering:
    """Clusters by what the first group of a regular expression finds in a path, or all of it where it has no group.

    Raises:
        InputError: it is no regular expression.
    """
    try:
        pattern = compiled(text)
    except ValueError as error:
        raise InputError(
            f"--cluster {printable(text)}: {error}",
            expected="folder, a file that ends in .csv, or a regular expression that finds the cluster in a path",
            remedy=r"--cluster '^(.+)_\d+\.jpg$', which puts a_1.jpg and a_2.jpg together",
        ) from error

    def names(paths: Sequence[str]) -> tuple[str, ...]:
        until = time.monotonic() + MATCH_SECONDS
        try:
            found = [pattern.search(path, timeout=max(until - time.monotonic(), 1e-3)) for path in paths]
        except (TimeoutError, MemoryError) as error:
            raise InputError(
                f"--cluster {printable(text)} takes too long: all paths have {MATCH_SECONDS:g} s",
                expected="a pattern that does not go back over what it has read",
                remedy="a simpler pattern, without one repeat inside another such as (a+)+",
            ) from error
        made = [match and match[min(pattern.groups, 1)] for match in found]
        _require_all(how, paths, made, "it does not match")
        return tuple(str(name) for name in made)

    return Clustering(how, names)


def _of_table(path: Path) -> Clustering:
    table = read_column(path, COLUMN)

    def names(paths: Sequence[str]) -> tuple[str, ...]:
        require_all(table, paths, path, COLUMN)
        made = [table[each] for each in paths]
        _require_all(str(path), paths, made, "it names no cluster for")
        return tuple(made)

    return Clustering(path.name, names)


def _require_all(how: str, paths: Sequence[str], made: Sequence[str | None], why: str) -> None:
    without = [path for path, name in zip(paths, made, strict=True) if not name]
    if without:
        named = ", ".join(printable(path) for path in without[:MOST_NAMED])
        more = f" and {len(without) - MOST_NAMED} more" if len(without) > MOST_NAMED else ""
        raise InputError(
            f"--cluster {printable(how)}: {why} {named}{more} ({len(without)} of {len(paths)} images)",
            expected="a cluster for every image",
            remedy="a rule that names one for each; an image by itself is a cluster of one",
        )


def with_clusters(result: Result, clustering: Clustering) -> Result:
    """The result with its images in these clusters, and its intervals made anew from its rows.

    Raises:
        InputError: an image without a cluster, all in one, or a normaliser over images of its own.
    """
    paths = [image.path for image in result.data.images]
    clustering.check(paths)
    clusters = clustering.of(paths)
    return result if clusters == result.data.clusters else _in_clusters(result, clusters)


def _in_clusters(result: Result, clusters: Clusters) -> Result:
    if result.data.normaliser_images:
        raise InputError(
            "clusters of images together with a normaliser over other images",
            expected="M over the audited images: other pictures of a cluster would be in both samples",
            remedy="leave out --cluster, or audit without --norm-samples",
        )
    data = result.data.model_copy(update={"clusters": clusters})
    return remade(result.model_copy(update={"data": data}))


def with_shared_clusters(results: Sequence[Result], labels: Sequence[str]) -> tuple[Result, ...]:
    """The results, those without clusters in the clusters of one that has them and is over the same images.

    Raises:
        InputError: two that are over the same images have different clusters.
    """
    first: dict[tuple[str, ...], tuple[str, Clusters]] = {}
    for result, label in zip(results, labels, strict=True):
        if (own := result.data.clusters) is None:
            continue
        other, clusters = first.setdefault(_images(result), (label, own))
        if clusters.of != own.of:
            counts = f"{len(clusters.names)} ({clusters.how}) and {len(own.names)} ({own.how})"
            raise InputError(
                f"{other} and {label} have their images in different clusters: {counts}",
                expected="one division of the images, which says what is drawn independently",
                remedy="--cluster folder, or another rule, which then holds for all of them",
            )
    found = [(result, first.get(_images(result))) for result in results]
    return tuple(
        result if shared is None or result.data.clusters is not None else _in_clusters(result, shared[1])
        for result, shared in found
    )


def _images(result: Result) -> tuple[str, ...]:
    return tuple(image.sha256 for image in result.data.images)
