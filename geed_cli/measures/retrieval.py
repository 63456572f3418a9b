"""Retrieval: is the copy of an image nearest to it, and does it keep its neighbours, among all images of a run?

Both compare f1(gx) with the features of every image, by the cosine. An image's number therefore depends on the others:
on how many there are, and on which.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from geed_cli.explanation import Explanation
from geed_cli.measures.latent import unit
from geed_cli.measures.measure import RetrievalMeasure
from geed_cli.statistics.scale import Scale

if TYPE_CHECKING:
    from torch import Tensor

NEIGHBOURS = 10
"""k, as in Huh et al. (2024)."""
DECIMALS = 12
"""Of cosines; those that agree so far are equal. Features come with seven digits, and a product of matrices adds equal
vectors in another order here and there."""
AT_ONCE = 256
"""Images that are compared with all others at once: n × 256 cosines are held."""


def reciprocal_ranks(moved: "Tensor", expected: "Tensor") -> "Tensor":
    """1/rank of image i among all images by cos(f1(gx_i), ρ(g)f1(x_j)), from (m, k) twice to (m,), float64.

    The rank is 1 + the number of images that are nearer. Of t images that are equally near, itself among them, it takes
    the mean of 1/rank over their t places: a network that gives all images one vector has what chance has.
    """
    import torch  # noqa: PLC0415 - see measure.py

    harmonic = (1.0 / torch.arange(1, len(moved) + 1, dtype=torch.float64)).cumsum(0)
    harmonic = torch.cat([torch.zeros(1, dtype=torch.float64), harmonic])
    found = []
    for start, cosines in _cosines(moved, expected):
        own = cosines.diagonal(start)[:, None]
        nearer, tied = (cosines > own).sum(dim=1), (cosines == own).sum(dim=1)
        found.append((harmonic[nearer + tied] - harmonic[nearer]) / tied)
    return torch.cat(found)


def neighbours_kept(moved: "Tensor", expected: "Tensor", k: int = NEIGHBOURS) -> "Tensor":
    """The rows of |N_k(f1(x)) ∩ N_k(f1(gx))| / k, whose mean it is, from (m, d) twice to (m,), float64.

    N_k are the k nearest other images by the cosine: among the plain features, and among those of the images under the
    same g. Images that are equally near share the last places. The value is a mean over pairs: with S_ij = 1 where j is
    among both kinds of neighbours of i, and L_ij half the number of i's two lists that hold j, θ = Σ S_ij / Σ L_ij. The
    row of image i is θ + Σ_j (S_ij − θ L_ij)/k + Σ_j (S_ji − θ L_ji)/k: what it keeps, and what it adds to the lists of
    others beyond the mean. Rows that are what an image keeps alone would leave out that one image is in the lists of
    many. These are the deviations of dyadic data (Aronow, Samii and Assenova 2015), and their mean is θ.

    Args:
        moved: f1(gx).
        expected: ρ(g)f1(x).
        k: at most m − 1.
    """
    import torch  # noqa: PLC0415

    count = len(moved)
    kept, shared, listed = (torch.zeros(count, dtype=torch.float64) for _ in range(3))
    pairs = zip(_cosines(moved, moved), _cosines(expected, expected), strict=True)
    for (start, copies), (_, plain) in pairs:
        one, other = (_places(cosines, start, k) for cosines in (copies, plain))
        both = one.minimum(other)
        kept[start : start + len(both)] = both.sum(dim=1) / k
        shared += both.sum(dim=0) / k
        listed += (one + other).sum(dim=0) / (2 * k)
    return kept + shared - kept.mean() * listed


def _cosines(vectors: "Tensor", others: "Tensor") -> "Iterator[tuple[int, Tensor]]":
    """The cosines of some vectors with all others, shape (≤ AT_ONCE, m), and the number of the first of them."""
    one, other = unit(vectors.double()), unit(others.double())
    for start in range(0, len(one), AT_ONCE):
        yield start, (one[start : start + AT_ONCE] @ other.T).round(decimals=DECIMALS)


def _places(cosines: "Tensor", start: int, k: int) -> "Tensor":
    """For each image of a block, which others hold its k places: 1, or a share of the last ones; itself has none."""
    cosines.diagonal(start).fill_(-2.0)
    last = cosines.topk(k, dim=1).values[:, -1:]
    nearer, tied = (cosines > last).double(), (cosines == last).double()
    left = k - nearer.sum(dim=1, keepdim=True)
    return nearer + tied * left / tied.sum(dim=1, keepdim=True)


def _chance_of_rank(images: int) -> float:
    """The mean of 1/r over the ranks r = 1 … m."""
    return sum(1.0 / rank for rank in range(1, images + 1)) / images


RANK = RetrievalMeasure(
    name="retrieval.rank",
    rows=reciprocal_ranks,
    chance=_chance_of_rank,
    fewest_images=2,
    scale=Scale.among(),
    best=1.0,
    on_request=True,
    rounding_order=None,
    range="0 to 1",
    definition="mean over (x, g), g ≠ e, of 1/rank of x among all audited images by cos(f1(gx), ρ(g)f1(x'))",
    equation="the mean reciprocal rank (MRR) of information retrieval, of moved copies",
    told="The features of a copy of an image other than itself find the image among all images with the mean "
    "reciprocal rank {value}: 1 is first every time.",
    explained=Explanation(
        what="whether the features of a transformed image find the image among all audited images.",
        reading="1: every copy is nearest to its own image. Set it against chance. "
        "It says that copies are nearer than other images, not how near: a network that is far from invariant has 1 "
        "as well where images lie further apart still. The more images, the harder it is, so values of other "
        "numbers of images are not compared. Images that are equally near count with the mean of their places.",
        example="Features in the directions 0°, 60° and 100° whose copies have 10°, 90° and 45° find their images at "
        "the ranks 1, 2 and 3: (1 + 1/2 + 1/3)/3 = 0.611.",
        source="geed; the mean reciprocal rank, which Kipf et al. (2020) and Garrido et al. (2023) take of predicted "
        "representations",
        see=("features", "chance", "latent.l2", "retrieval.mutual_knn"),
    ),
)
MUTUAL_KNN = RetrievalMeasure(
    name="retrieval.mutual_knn",
    rows=neighbours_kept,
    chance=lambda images: NEIGHBOURS / (images - 1),
    fewest_images=NEIGHBOURS + 2,
    own_rows=False,
    scale=Scale.among(),
    best=1.0,
    on_request=True,
    rounding_order=None,
    range="0 to 1",
    definition=f"mean over (x, g), g ≠ e, of the part of the {NEIGHBOURS} images nearest to f1(x) that are among the "
    f"{NEIGHBOURS} nearest to f1(gx) where all are under g, by cosine",
    equation="the mutual k-nearest-neighbour metric of Huh et al. (2024), of plain and moved images",
    told="Of the 10 images nearest to an image the part {value} is still among the 10 nearest when all images are "
    "transformed.",
    explained=Explanation(
        what="the part of an image's 10 nearest neighbours that it keeps when all images are transformed alike.",
        reading="1: neighbours stay. Set it against chance. It compares the geometry of the "
        "transformed images with that of the plain ones, so features that g moves alike for all images, by a rotation "
        "of feature space, keep it at 1. A network that gives all images one vector has 1, too. Values of other "
        "numbers of images are not compared.",
        example="Of an image's 10 neighbours 7 are among the 10 of its mirror image among mirror images: 0.7.",
        source="Huh et al., The Platonic Representation Hypothesis (ICML 2024), appendix A",
        see=("features", "chance", "latent.cosine", "retrieval.rank"),
    ),
)
