"""Which images of a run belong together: as declared, and in the bundled sample the crops of one photograph."""

from geed_cli.errors import InputError
from geed_cli.images.source import SAMPLE_PHOTOGRAPH, ImageSet
from geed_cli.pipeline.options import DataOptions
from geed_cli.result.clusters import Clustering, by_pattern, read_clustering


def clustering_of(options: DataOptions, listing: ImageSet) -> Clustering | None:
    """The rule of ``--cluster``, or the sample's own; None where every image is drawn by itself.

    Args:
        options: which images.
        listing: of the folder, or a part of it.

    Raises:
        InputError: a rule that does not fit the images, or beside a normaliser over images of its own.
    """
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
