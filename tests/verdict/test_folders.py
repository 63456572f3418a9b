"""What is said of images of one folder that are alike, and where nothing is."""

import numpy as np
from support.command import printed
from support.gate import result

from geed_cli.choices import View
from geed_cli.result.clusters import read_clustering, with_clusters
from geed_cli.result.schema import Image, Result
from geed_cli.verdict.folders import folders_alike

KL = ("softmax.kl", "flip", None)


def in_folders(between: float, within: float, count: int = 25, size: int = 4) -> Result:
    """Rows of so many folders, of so many images each."""
    rng = np.random.default_rng(3)
    folders = np.repeat(np.arange(count), size)
    values = 0.1 + between * rng.uniform(-1, 1, count)[folders] + within * rng.uniform(-1, 1, count * size)
    made = result({KL: values})
    images = tuple(
        Image(path=f"scene{folder:02d}/{number}.png", sha256=f"{number:064x}")
        for number, folder in enumerate(folders)
    )
    return made.model_copy(update={"data": made.data.model_copy(update={"images": images})})


def test_folders_of_like_images_are_said_under_the_table() -> None:
    """The measure, the correlation, what it does to the width, and the way out, which is run; a class is none."""
    alike = in_folders(0.05, 0.01)
    said = folders_alike(alike)
    assert said is not None
    assert said.startswith(
        "images of one folder are alike: the intraclass correlation of softmax.kl under flip is 0.9"
    )
    assert "over 25 folders" in said
    assert "--cluster folder mends that; where it is a class of a data set, they are not" in said
    factor = float(said.partition("intervals are ")[2].partition(" times")[0])
    mended = with_clusters(alike, read_clustering("folder"))
    alone = with_clusters(alike, read_clustering(r"\d+\.png"))
    widths = [np.ptp(each.results[0].ci) for each in (mended, alone)]
    assert (
        abs(widths[0] / widths[1] - factor) < 0.15 * factor
    )  # Student's t of 24 and not of 99, and skewness
    assert "note: images of one folder are alike" in " ".join(printed(alike).split())
    assert "alike" not in printed(alike, view=View(quiet=True))
    assert folders_alike(mended) is None


def test_few_folders_would_have_no_interval() -> None:
    said = folders_alike(in_folders(0.05, 0.01, count=12, size=8))
    assert said is not None
    assert "(which withholds intervals below 20 of them)" in said


def test_nothing_is_said_of_others() -> None:
    """Folders that have nothing, or little, to do with the rows; one folder; too few images for an interval."""
    assert folders_alike(in_folders(0.0, 0.05)) is None
    assert folders_alike(in_folders(0.02, 0.05, count=4, size=50)) is None
    assert folders_alike(in_folders(0.05, 0.01, count=1, size=100)) is None
    assert folders_alike(in_folders(0.05, 0.01, count=5, size=3)) is None
