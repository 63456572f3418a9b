"""A picture counts once, however many files hold it; what cannot be read is replaced, and all of it is recorded."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from support import networks
from support.command import Geed, geed, in_full, printed
from support.networks import small_conv_net
from support.pictures import smooth_pictures
from support.results import measured, numbers

from geed_cli.errors import InputError
from geed_cli.gate.policy_file import RequirePart
from geed_cli.gate.require import requirements
from geed_cli.images import same_picture
from geed_cli.models.load import load_model
from geed_cli.pipeline.audit import audit, audit_together
from geed_cli.pipeline.draw import holds_same_draw
from geed_cli.pipeline.options import AuditOptions, ControlOptions, DataOptions, RunOptions, UntilOptions
from geed_cli.result.schema import Data, Result

__all__ = ["geed"]
SIZE = 16
OTHER_FORMATS: dict[str, Callable[[Image.Image, Path], None]] = {
    "bmp": lambda picture, path: picture.save(path, "BMP"),
    "webp": lambda picture, path: picture.save(path, "WEBP", lossless=True),
    "tif": lambda picture, path: picture.save(path, "TIFF"),
    "png": lambda picture, path: picture.save(path, "PNG", compress_level=0),
}


def run(folder: Path, controls: ControlOptions = ControlOptions(), **data: object) -> Result:  # noqa: B008
    """The latent and layerwise measures of a small network for flips."""
    options = AuditOptions(
        DataOptions(folder, **data), run=RunOptions("cpu", 8), layers=("block1",), controls=controls
    )
    return audit(small_conv_net(size=SIZE), "flip", options)


def copied(folder: Path, times: int) -> Path:
    """The folder with each picture copied so many times, under names that come before and after it."""
    for path in sorted(folder.iterdir()):
        for number in range(1, times):
            (folder / f"{number % 2}{number}-{path.name}").write_bytes(path.read_bytes())
    return folder


def require_accounted(data: Data, folder: Path) -> None:
    """Found = audited + normaliser + duplicates + refused + not drawn, and nothing is in two of them."""
    used = [image.path for image in (*data.images, *data.normaliser_images)]
    named = [*used, *(item.path for item in (*data.duplicates, *data.refused))]
    assert len(set(named)) == len(named)
    assert data.found == len(list(folder.iterdir())) == len(named) + data.not_drawn
    assert data.count == len(data.images)
    assert {item.of for item in data.duplicates} <= set(used)
    assert len({image.sha256 for image in (*data.images, *data.normaliser_images)}) == len(used)


def test_copies_change_no_value(tmp_path: Path) -> None:
    """Twenty-one pictures, and the same with four copies of each: n, values, intervals and M are the same."""
    alone = run(smooth_pictures(tmp_path / "a", 21, SIZE))
    folder = copied(smooth_pictures(tmp_path / "b", 21, SIZE), 5)
    many = run(folder)
    require_accounted(many.data, folder)
    assert many.data.count == 21
    assert len(many.data.duplicates) == 84
    assert {item.same for item in many.data.duplicates} == {"bytes"}
    for one, other in zip(measured(alone), measured(many), strict=True):
        assert (one.value, one.raw, one.normaliser) == pytest.approx(
            (other.value, other.raw, other.normaliser)
        )
        assert one.ci == pytest.approx(other.ci)
    text = " ".join(in_full(many).split())
    assert "21 images of" in text
    assert "84 copies of these" in text
    assert "21 images of b, 84 of its files copies of these" in " ".join(printed(many).split())
    assert "84 with the same bytes" in text


def test_twenty_files_of_four_pictures_are_four(tmp_path: Path) -> None:
    """Intervals are withheld, and a policy's min_images is not met."""
    result = run(copied(smooth_pictures(tmp_path, 4, SIZE), 5))
    assert all(entry.ci is None for entry in result.results)
    assert any("4 images, at least 20 needed" in note for entry in result.results for note in entry.notes)


@pytest.mark.parametrize("suffix", OTHER_FORMATS)
def test_the_same_pixels_in_another_format_count_once(tmp_path: Path, suffix: str) -> None:
    """Decoded size and RGB decide, at whatever size the network sees them: here after resizing."""
    folder = smooth_pictures(tmp_path, 5, 24)
    for path in sorted(folder.iterdir())[:3]:
        OTHER_FORMATS[suffix](Image.open(path), folder / f"again-{path.stem}.{suffix}")
    result = run(folder)
    require_accounted(result.data, folder)
    assert result.data.count == 5
    assert [item.same for item in result.data.duplicates] == ["pixels"] * 3
    assert "3 that decode to the same pixels" in " ".join(in_full(result).split())


def test_pictures_that_differ_a_little_are_different(tmp_path: Path) -> None:
    """One value of one pixel, another size of one colour, the mirror image: none is a copy."""
    picture = Image.effect_noise((200, 200), 60).convert("RGB")
    picture.save(tmp_path / "a.png")
    picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(tmp_path / "b.png")
    # a pixel between those that the fingerprint takes
    changed = picture.copy()
    changed.putpixel((0, 0), (1, 2, 3))
    changed.save(tmp_path / "c.png")
    for side in (30, 40):
        Image.new("RGB", (side, side), "teal").save(tmp_path / f"plain{side}.png")
    data = run(tmp_path).data
    assert data.count == 5
    assert not data.duplicates


def test_further_draws_replace_copies(tmp_path: Path) -> None:
    """Ten different pictures come out of thirty-six files of twelve; a smaller draw is part of a larger one."""
    folder = copied(smooth_pictures(tmp_path, 12, SIZE), 3)
    small, large = (run(folder, samples=samples).data for samples in (4, 10))
    for data, samples in ((small, 4), (large, 10)):
        require_accounted(data, folder)
        assert data.count == samples
    assert {image.path for image in small.images} < {image.path for image in large.images}
    assert large.redrawn > 0
    again = run(folder, samples=10).data
    assert again == large
    assert run(folder, samples=12).data.count == run(folder, samples=36).data.count == 12


def spoilt(folder: Path, every: int = 3) -> list[str]:
    """Every third file cut off; their names."""
    bad = sorted(folder.iterdir())[::every]
    for path in bad:
        path.write_bytes(path.read_bytes()[:90])
    return [path.name for path in bad]


def test_further_draws_replace_unreadable_files_under_skip(tmp_path: Path) -> None:
    """Ten of thirty with ten unreadable: ten are audited, those that were drawn and could not be read are named."""
    folder = smooth_pictures(tmp_path, 30, SIZE)
    bad = spoilt(folder)
    result = run(folder, samples=10, on_bad_image="skip")
    data = result.data
    require_accounted(data, folder)
    assert data.count == 10
    assert 0 < data.redrawn <= len(data.refused)  # some of the further ones were unreadable, too
    assert {item.path for item in data.refused} <= set(bad)
    assert (
        f"{data.redrawn} of the images were drawn in place of copies and of files that cannot be read"
        in " ".join(in_full(result).split())
    )
    everything = run(folder, samples=30, on_bad_image="skip").data
    require_accounted(everything, folder)
    assert (everything.count, len(everything.refused), everything.redrawn) == (20, 10, 0)


def test_all_unreadable_files_are_named_at_once(tmp_path: Path) -> None:
    """Thirty of ninety: twenty with their paths, the others by their number; those not drawn are not looked at."""
    folder = smooth_pictures(tmp_path, 90, SIZE)
    bad = spoilt(folder)
    with pytest.raises(InputError) as error:
        run(folder)
    assert "cannot use 30 images" in str(error.value)
    assert [name in str(error.value) for name in bad] == [True] * 20 + [False] * 10
    assert "and 10 more" in str(error.value)
    with pytest.raises(InputError) as error:
        run(folder, samples=5, norm_samples=7)
    drawn = [name for name in bad if name in str(error.value)]
    assert 0 < len(drawn) < 12
    assert f"cannot use {len(drawn)} images" in str(error.value)


def test_nothing_that_can_be_read(tmp_path: Path) -> None:
    """Exit 2 with how many were tried; the option that the message prints names them."""
    folder = smooth_pictures(tmp_path, 5, SIZE)
    spoilt(folder, 1)
    with pytest.raises(InputError, match="none of the 5 images could be used") as error:
        run(folder, on_bad_image="skip")
    assert "--on-bad-image error" in error.value.remedy
    with pytest.raises(InputError, match="cannot use 5 images"):
        run(folder, on_bad_image="error")


def test_empty_files_are_named_one_by_one(tmp_path: Path) -> None:
    """All of them have the same bytes, and each has to be mended."""
    folder = smooth_pictures(tmp_path, 6, SIZE)
    for number in (1, 3, 4):
        (folder / f"000{number}.png").write_bytes(b"")
    with pytest.raises(InputError) as error:
        run(folder)
    assert "cannot use 3 images" in str(error.value)
    assert str(error.value).count("empty file") == 3


def test_copies_of_an_unreadable_file_are_unreadable(tmp_path: Path) -> None:
    """They are refused for its reason, and are nobody's duplicates."""
    folder = smooth_pictures(tmp_path, 6, SIZE)
    spoilt(folder, 6)
    copied(folder, 3)
    data = run(folder, on_bad_image="skip").data
    require_accounted(data, folder)
    assert data.count == 5
    assert len(data.refused) == 3
    assert len({item.reason for item in data.refused}) == 1


def test_no_copy_of_an_audited_picture_is_in_the_normaliser(tmp_path: Path) -> None:
    """M over twelve other pictures, each in three files, in two formats."""
    folder = copied(smooth_pictures(tmp_path, 20, SIZE), 2)
    for path in sorted(folder.iterdir())[:20]:
        Image.open(path).save(folder / f"{path.stem}.bmp")
    data = run(folder, samples=8, norm_samples=12).data
    require_accounted(data, folder)
    assert (data.count, len(data.normaliser_images)) == (8, 12)
    with pytest.raises(InputError, match="holds 20 different images for 8 audited ones and 13 more"):
        run(copied(smooth_pictures(tmp_path / "other", 20, SIZE), 2), samples=8, norm_samples=13)


def test_the_null_is_measured_against_another_picture(tmp_path: Path) -> None:
    """Two files of one picture: no null, since f(gx) against a copy of x is the value itself."""
    folder = smooth_pictures(tmp_path, 1, SIZE)
    Image.open(folder / "0000.png").save(folder / "0000.bmp")
    result = run(folder)
    assert result.data.count == 1
    assert all("null" not in entry.controls for entry in result.results)


def test_a_search_sees_a_picture_once(tmp_path: Path) -> None:
    """Maps are fitted and scored on as many pictures as there are, whichever of the files is shown."""
    folder = smooth_pictures(tmp_path, 8, SIZE)
    alone = run(folder, ControlOptions(discover="permutation"))
    for path in sorted(folder.iterdir()):
        Image.open(path).save(folder / f"{path.stem}.bmp")
    result = run(folder, ControlOptions(discover="permutation"))
    require_accounted(result.data, folder)
    assert result.data.count == 8
    (one,), (other,) = alone.hidden_actions, result.hidden_actions
    assert one.fitted + one.scored == other.fitted + other.scored == 8


def test_pictures_that_share_a_fingerprint_are_hashed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A point in black where no fingerprint looks: all are different, and none is decoded once for each other one."""
    for number in range(12):
        picture = Image.new("RGB", (640, 640))
        picture.putpixel((1 + 10 * number, 1), (255, 255, 255))
        picture.save(tmp_path / f"{number}.png")
    hashed: list[str] = []
    monkeypatch.setattr(same_picture, "_hashed_in_full", lambda path, _: hashed.append(path) or path)
    assert run(tmp_path).data.count == 12
    assert sorted(hashed) == sorted(path.name for path in tmp_path.iterdir())


def test_a_run_in_looks_ends_as_one_run_does(tmp_path: Path) -> None:
    """20, then 30: copies and unreadable files fall out of each look, and both have the same images and values."""
    folder = copied(smooth_pictures(tmp_path, 33, SIZE), 2)
    spoilt(folder, 20)
    data, controls = DataOptions(folder, samples=20, on_bad_image="skip"), ControlOptions(0)
    options = AuditOptions(data, run=RunOptions("cpu", 8), metrics=("latent.l2",), controls=controls)
    growing = audit(small_conv_net(size=SIZE), "flip", replace(options, until=UntilOptions(1e-9, 30)))
    once = audit(small_conv_net(size=SIZE), "flip", replace(options, data=replace(data, samples=30)))
    assert growing.data.images == once.data.images
    assert growing.data.count == 30
    assert growing.results[0].per_image == once.results[0].per_image


def test_the_cache_changes_nothing(tmp_path: Path) -> None:
    """Fresh, cached in part (one of two files with the same pixels), and cached as a whole: one result."""
    folder = smooth_pictures(tmp_path / "pictures", 6, 32)
    for path in sorted(folder.iterdir())[:3]:
        Image.open(path).save(folder / f"{path.stem}.bmp")
    network = load_model("timm:test_resnet", weights="random", img_size=32)
    plain = AuditOptions(DataOptions(folder), run=RunOptions("cpu", 8), metrics=("latent.l2",))
    fresh = audit(network, "flip", plain)
    cached = replace(plain, cache=tmp_path / "cache")
    audit(network, "flip", replace(cached, data=DataOptions(folder, samples=3)))
    part, whole = (audit(network, "flip", cached) for _ in range(2))
    assert numbers(part) == numbers(whole) == numbers(fresh)
    assert 0 < part.timing.cached < whole.timing.cached == 9


def test_an_earlier_draw_is_known_again(tmp_path: Path) -> None:
    """A track goes on where the same images would be drawn: copies and refused files are part of the draw."""
    folder = copied(smooth_pictures(tmp_path, 12, SIZE), 2)
    spoilt(folder, 8)
    options = DataOptions(folder, samples=6, on_bad_image="skip")
    data = run(folder, samples=6, on_bad_image="skip").data
    assert holds_same_draw(options, data)
    assert not holds_same_draw(replace(options, seed=1), data)
    assert not holds_same_draw(replace(options, samples=7), data)
    # as an earlier version, which left a refused file's place empty
    assert not holds_same_draw(
        replace(options, samples=6), data.model_copy(update={"images": data.images[:-1]})
    )
    one, other, *_ = data.images
    (folder / one.path).write_bytes((folder / other.path).read_bytes())
    assert not holds_same_draw(options, data)
    # as an earlier version, which counted copies
    copy = one.model_copy(update={"sha256": other.sha256})
    assert not holds_same_draw(options, data.model_copy(update={"images": (copy, *data.images[1:])}))


def test_a_folder_of_links_alone_and_the_way_out(geed: Geed, tmp_path: Path) -> None:
    """Exit 2 says that they are links; with the option that it names, as printed, the pictures are audited."""
    smooth_pictures(tmp_path / "real", 6, SIZE)
    (tmp_path / "net.py").write_text(Path(networks.__file__).read_text())
    spec = tmp_path / "net.yaml"
    spec.write_text(
        "model: {source: python, name: 'net:SmallConvNet'}\nweights: {origin: pretrained}\n"
        "input: {size: 16, crop_pct: 1, mean: [0, 0, 0], std: [1, 1, 1]}\n"
    )
    links = tmp_path / "links"
    links.mkdir()
    for path in (tmp_path / "real").iterdir():
        (links / path.name).symlink_to(path)
    (links / "loop").symlink_to(links)
    (links / "again.png").symlink_to(tmp_path / "real" / "0000.png")
    command = ("audit", spec, "--allow-code", "-d", links, "--metric", "latent.l2", "--no-cache")
    refused = geed(*command)
    assert refused.exit_code == 2
    assert "(8 symbolic links, not followed)" in refused.stderr
    assert "try:      --follow-links" in refused.stderr
    done = geed(*command, "-v", "--follow-links")
    assert done.exit_code == 0, done.stderr
    assert "6 images of" in done.stdout
    assert "a link to a folder that is searched already" in done.stdout
    # some links among pictures are named with the option
    (links / "own.png").write_bytes((links / "0000.png").read_bytes())
    assert "not followed without --follow-links" in " ".join(geed(*command, "-v").stdout.split())


def test_a_policy_counts_different_pictures(tmp_path: Path) -> None:
    """min_images: 20 is not met by 20 files of 4 pictures."""
    result = run(copied(smooth_pictures(tmp_path, 4, SIZE), 5))
    outcomes = {outcome.rule: outcome for outcome in requirements(RequirePart(min_images=20), "net", result)}
    counted_twice = [*result.data.images, *result.data.images]  # as 0.1.0 did
    old = result.model_copy(
        update={"data": result.data.model_copy(update={"images": counted_twice, "count": 8})}
    )
    assert next(
        o for o in requirements(RequirePart(min_images=5), "old", old) if "min_images" in o.rule
    ).reason
    assert outcomes["require.min_images"].verdict == "error"
    assert outcomes["require.min_images"].reason == "4 images were audited"


def test_networks_that_share_pictures_share_the_accounting(tmp_path: Path) -> None:
    """Copies and unreadable files fall out of both alike, and each has the values that it has alone."""
    folder = copied(smooth_pictures(tmp_path, 9, SIZE), 2)
    spoilt(folder, 7)
    options = AuditOptions(
        DataOptions(folder, samples=6, on_bad_image="skip"), run=RunOptions("cpu", 8), layers=("block1",)
    )
    pair = small_conv_net(0, SIZE), small_conv_net(1, SIZE)
    one, other = audit_together(pair, "flip", options)
    assert one.data == other.data
    require_accounted(one.data, folder)
    assert [audit(network, "flip", options).results for network in pair] == [one.results, other.results]
