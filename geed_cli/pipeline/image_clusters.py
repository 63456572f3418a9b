"""Which images of a run belong together: as declared, and in the bundled sample the crops of one photograph."""

from collections.abc import Mapping
from pathlib import Path

from geed_cli.documents.document import path_text, printable
from geed_cli.errors import InputError
from geed_cli.images.source import SAMPLE_PHOTOGRAPH, ImageSet
from geed_cli.pipeline.options import DataOptions
from geed_cli.result.clusters import COLUMN as CLUSTER
from geed_cli.result.clusters import Clustering, by_pattern, read_clustering


def clustering_of(options: DataOptions, listing: ImageSet) -> Clustering | None:
    """The rule of ``--cluster``, the list's or the sample's own; None where every image is drawn by itself.

    Args:
        options: which images.
        listing: of the folder, or a part of it.

    Raises:
        InputError: a rule that does not fit the images, or beside a normaliser over images of its own.
    """
    if CLUSTER in listing.columns:
        return _listed(options, listing, listing.columns[CLUSTER])
    if options.cluster is None:
        alone = not listing.is_sample or options.norm_samples is not None
        return None if alone else by_pattern(SAMPLE_PHOTOGRAPH, "photograph")
    if options.norm_samples is not None:
        raise InputError(
            "--cluster together with --norm-samples",
            expected="M over the audited images: other pictures of a cluster would be in both samples",
            remedy="leave out --norm-samples",
        )
    return read_clustering(options.cluster)


def _listed(options: DataOptions, listing: ImageSet, said: Mapping[str, str]) -> Clustering:
    """The clusters that the list of images has in a column."""
    if options.cluster is not None:
        raise InputError(
            f"--cluster {printable(options.cluster)}, and a column {CLUSTER} in {path_text(listing.root)}",
            expected="one rule of which images belong together",
            remedy="leave out --cluster, or the column",
        )
    if options.norm_samples is not None:
        raise InputError(
            f"a column {CLUSTER} in {path_text(listing.root)} together with --norm-samples",
            expected="M over the audited images: other pictures of a cluster would be in both samples",
            remedy="leave out --norm-samples, or the column",
        )
    return Clustering(Path(listing.root).name, lambda paths: tuple(said[path] for path in paths), listed=True)
