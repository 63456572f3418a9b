"""The command line that a result records: as it was typed, running again, and without what may be secret."""

from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save_file
from support.command import Geed
from support.pictures import smooth_pictures
from support.results import numbers, small_result

from geed_cli.documents.command_line import recorded
from geed_cli.result.file import read_result, read_strict_json, to_strict_json
from geed_cli.tracking.track_file import read_track

SMALL = ("--weights", "random", "--img-size", "32", "--device", "cpu", "--no-cache", "--metric", "latent.*")


def test_it_makes_the_result_again(geed: Geed, tmp_path: Path) -> None:
    """Every word, options as they were abbreviated; run as it stands it finds the same. Python records none."""
    file = tmp_path / "a result.json"
    words = (
        "audit",
        "timm:test_resnet",
        *SMALL,
        "-g",
        "flip",
        "-d",
        str(smooth_pictures(tmp_path / "p", 3, 32)),
    )
    done = geed(*words, "--json", file, "-q")
    assert done.exit_code == 0, done.stderr
    first = read_result(file)
    assert first.command == ("geed", *words, "--json", str(file), "-q")
    assert geed(*first.command[1:]).exit_code == 0
    assert numbers(read_result(file)) == numbers(first)
    assert small_result().command == ()


@pytest.mark.usefixtures("read_in_this_process")
def test_a_track_records_it_with_every_step(geed: Geed, tmp_path: Path) -> None:
    """The command that audited the checkpoints."""
    for step in (1, 2):
        torch.manual_seed(step)
        save_file(timm.create_model("test_resnet").state_dict(), tmp_path / f"step_{step}.safetensors")
    track = tmp_path / "track.json"
    words = ("track", str(tmp_path / "step_*.safetensors"), "--arch", "timm:test_resnet", *SMALL[2:])
    words = (*words, "-d", str(smooth_pictures(tmp_path / "p", 3, 32)), "--json", str(track))
    done = geed(*words)
    assert done.exit_code == 0, done.stderr
    assert [record.result.command for record in read_track(track).records] == [("geed", *words)] * 2


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("https://ann:secret@host/x.pth", "https://***@host/x.pth"),
        ("s3://key:secret@bucket/a?token=abc&v=2#sig=q", "s3://***@bucket/a?token=***&v=***#sig=***"),
        ("photos/ann@home?size=2.png", "photos/ann@home?size=2.png"),
        ("timm:resnet50.a1_in1k", "timm:resnet50.a1_in1k"),
        ("a\x1b[2Jb", r"a\x1b[2Jb"),
        ("a\udcffb", r"a\xffb"),
        ("ü Ω", "ü Ω"),
    ],
)
def test_secrets_and_control_characters(typed: str, kept: str, tmp_path: Path) -> None:
    """Users and values of URLs are not kept; the file of any other word can be read again."""
    assert recorded([typed]) == (kept,)
    file = tmp_path / "r.json"
    file.write_text(to_strict_json(small_result().model_copy(update={"command": recorded([typed])})), "utf-8")
    assert read_strict_json(file)["command"] == [kept]
