"""The networks of section 4.1 and their pictures."""

from pathlib import Path

import numpy as np
import pytest
import torch

from examples.paper.data import SIZE, corruptions, digits, idx, small_digits, turned
from examples.paper.nets import network
from examples.paper.settings import SCALES


def last_map(kind: str, x: torch.Tensor) -> torch.Tensor:
    """What the sixth block of a random network puts out."""
    torch.manual_seed(0)
    net, kept = network(kind, "tiny").eval(), []
    net.get_submodule("block6").register_forward_hook(lambda _module, _inputs, output: kept.append(output))
    with torch.inference_mode():
        net(x)
    return kept[0].tensor if kind == "c8" else kept[0]


def test_quarter_turns_move_maps_and_fields_of_a_steerable_network_and_not_those_of_a_plain_one() -> None:
    """By theorem on centred grids: a quarter turn of C8 moves a field's eight channels by two, and pixels alone."""
    x = torch.rand(2, 1, SIZE, SIZE, generator=torch.Generator().manual_seed(0))
    moved = torch.rot90(x, 1, (2, 3))
    for kind, shift, most in (("c8", 2, 1e-4), ("cnn", 0, None)):
        here, there = last_map(kind, x), last_map(kind, moved)
        fields = torch.rot90(here, 1, (2, 3)).unflatten(1, (-1, 8)).roll(shift, 2).flatten(1, 2)
        error = ((there - fields).norm() / there.norm()).item()
        assert error < most if most else error > 0.1


def test_pictures_are_turned_about_their_centre() -> None:
    """A picture that every rotation leaves alone stays as it is, inside the disc."""
    rows, columns = torch.meshgrid(torch.arange(29.0), torch.arange(29.0), indexing="ij")
    distance = ((rows - 14) ** 2 + (columns - 14) ** 2).sqrt()
    round_picture = torch.exp(-((distance / 6) ** 2))[None, None]
    moved = turned(round_picture.repeat(4, 1, 1, 1), torch.Generator().manual_seed(0))
    assert (moved - round_picture).abs()[..., distance <= 13].max() < 0.02


def test_mnist_is_read_from_either_form(tmp_path: Path) -> None:
    """idx: magic number, lengths, bytes; npz: arrays. Test and training digits are disjoint, and no 9 is among them."""
    images = np.arange(40 * 28 * 28, dtype=np.int64).reshape(40, 28, 28).astype(np.uint8)
    labels = np.arange(40, dtype=np.uint8) % 10
    for part, chosen in (("train", slice(0, 30)), ("t10k", slice(30, 40))):
        for name, array in (
            (f"{part}-images-idx3-ubyte", images[chosen]),
            (f"{part}-labels-idx1-ubyte", labels[chosen]),
        ):
            header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">i4").tobytes()
            (tmp_path / name).write_bytes(header + array.tobytes())
    assert (idx(tmp_path, "train-images-idx3-ubyte") == images[:30]).all()
    from_idx = digits(tmp_path, held_out=6)
    np.savez(tmp_path / "mnist10k.npz", images=images, labels=labels)
    from_npz = digits(tmp_path, held_out=6)
    for one, other in zip(from_idx, from_npz, strict=True):
        assert torch.equal(one.x, other.x)
        assert torch.equal(one.y, other.y)
    assert len(from_npz[0].y) == 30
    assert len(from_npz[1].y) == 6
    assert max(part.y.max() for part in from_npz) == 8
    with pytest.raises(FileNotFoundError, match="no train-images"):
        digits(tmp_path / "elsewhere", held_out=6)


def test_corruptions_change_pictures_and_keep_their_shape() -> None:
    """Six kinds, as the issue of five at least asks; each is drawn by the generator alone."""
    x = torch.rand(3, 1, SIZE, SIZE, generator=torch.Generator().manual_seed(0))
    once, twice = (
        {n: f(x) for n, f in corruptions(torch.Generator().manual_seed(1)).items()} for _ in range(2)
    )
    assert len(once) == 6
    for name, moved in once.items():
        assert moved.shape == x.shape
        assert (moved - x).abs().max() > 0.05, name
        assert torch.equal(moved, twice[name])


def test_scales_keep_the_last_step_and_the_papers_numbers() -> None:
    """Every scale audits its last step; ``paper`` has 10 copies of 2,000 steps, and 50 and 200 pictures."""
    for scale in SCALES.values():
        assert scale.digits.checkpoints[-1] == scale.digits.steps
    paper = SCALES["paper"]
    assert (paper.digits.seeds, paper.digits.steps, paper.samples, paper.norm_samples) == (10, 2000, 50, 200)
    assert (paper.overhead.seeds, paper.overhead.steps) == (5, 10_000)


def test_small_digits_come_with_scikit_learn() -> None:
    """Sixteen grey levels, enlarged; none where the package is missing."""
    found = small_digits(5)
    assert found is None or (found.shape == (5, 1, SIZE, SIZE) and 0 <= found.min() <= found.max() <= 1)


def test_the_readme_prints_the_settings_of_scale_small() -> None:
    """Copies, steps, batches and checkpoints of every section."""
    readme = (Path(__file__).parents[3] / "examples" / "paper" / "README.md").read_text(encoding="utf-8")
    small = SCALES["small"]
    for section, fixed in (
        ("4.1, 4.2", small.digits),
        ("4.3", small.overhead),
        ("4.4", small.self_supervised),
    ):
        (row,) = [line for line in readme.splitlines() if line.startswith(f"| {section} | {fixed.seeds} (")]
        assert f"| {fixed.steps} × {fixed.batch} |" in row
        checkpoints = getattr(fixed, "checkpoints", (fixed.steps,))
        assert f"| {', '.join(map(str, checkpoints))} |" in row
