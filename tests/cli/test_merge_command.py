"""``geed audit --shard`` and ``geed merge``, as they are typed: parts that fit, lack, overlap and are foreign."""

import json
import shlex
import shutil
from pathlib import Path

import pytest
from PIL import Image
from support.command import Geed

from geed_cli.result.file import read_result

AUDIT = (
    "audit timm:test_resnet --weights random --img-size 32 -d pictures -g flip --samples 22 --batch-size 8 "
    "--device cpu --metric latent.l2"
)


@pytest.fixture
def here(tmp_path: Path, enough_pictures: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with 22 pictures, in which commands are typed."""
    (tmp_path / "pictures").symlink_to(enough_pictures)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_parts_of_one_audit(geed: Geed, here: Path) -> None:
    """Each that lacks is named with its command, which makes it; the whole has the digest of one process."""
    assert geed(*AUDIT.split(), "--json", "one.json", "--no-cache", "-q").exit_code == 0
    assert geed(*AUDIT.split(), "--shard", "2/2", "--json", "part2.json").exit_code == 0
    lacking = geed("merge", "part2.json", "--json", "all.json")
    assert lacking.exit_code == 3
    assert "rows of 16 images are not there: shard 1/2" in lacking.stderr
    assert not (here / "all.json").exists()
    (command,) = [line.strip() for line in lacking.stderr.splitlines() if "--shard 1/2" in line]
    words = shlex.split(command.partition("try:")[2] or command)
    assert words[-2:] == ["--json", "part1.json"]
    assert geed(*words[1:]).exit_code == 0
    done = geed("merge", "part2.json", "part1.json", "part1.json", "--json", "all.json")
    assert done.exit_code == 0, done.stderr
    assert "part1.json and part1.json are both shard 1/2: their rows count once" in done.stderr
    one, merged = read_result(here / "one.json"), read_result(here / "all.json")
    assert merged.digest == one.digest
    assert merged.command == ("geed", *AUDIT.split())
    assert (merged.settings.device, merged.settings.batch_size) == ("cpu", 8)
    said = geed("validate", "part1.json")
    assert "a complete part, shard 1/2, of an audit of timm/test_resnet" in said.stdout


def test_a_part_of_another_audit(geed: Geed, here: Path) -> None:
    """It is named with what differs: exit code 2, and nothing is written."""
    other = AUDIT.replace("--samples 22", "--samples 20")
    assert geed(*AUDIT.split(), "--shard", "1/2", "--json", "a.json").exit_code == 0
    assert geed(*other.split(), "--shard", "2/2", "--json", "b.json").exit_code == 0
    done = geed("merge", "a.json", "b.json", "--json", "all.json")
    assert done.exit_code == 2
    assert "b.json: samples 20 and not 22" in done.stderr
    assert not (here / "all.json").exists()


def test_row_files_beside_their_part(geed: Geed, here: Path) -> None:
    """Where they were copied to one folder; and the part says which one is missing."""
    assert geed(*AUDIT.split(), "--shard", "1/1", "--rows", "far/rows", "--json", "part.json").exit_code == 0
    (file,) = (here / "far" / "rows").iterdir()
    assert json.loads((here / "part.json").read_text())["rows"] == [f"far/rows/{file.name}"]
    file.rename(here / file.name)
    assert geed("merge", "part.json", "--json", "all.json").exit_code == 0
    (here / file.name).unlink()
    done = geed("merge", "part.json", "--json", "again.json")
    assert done.exit_code == 2
    assert f"part.json has rows in far/rows/{file.name}, which is not there" in done.stderr


def test_a_folder_of_rows_in_which_other_parts_have_theirs(geed: Geed, here: Path) -> None:
    """Whose names end as those of row files."""
    assert geed(*AUDIT.split(), "--shard", "1/2", "--json", "part1.json").exit_code == 0
    assert (here / "part1.rows").is_dir()
    assert geed(*AUDIT.split(), "--shard", "2/2", "--rows", ".", "--json", "part2.json").exit_code == 0
    assert geed("merge", "part1.json", "part2.json", "--json", "all.json").exit_code == 0


def test_two_pictures_of_one_name(geed: Geed, here: Path, enough_pictures: Path) -> None:
    """Parts of pictures that were replaced in between; the way out is the one that is printed."""
    (here / "pictures").unlink()
    shutil.copytree(enough_pictures, here / "pictures")
    assert geed(*AUDIT.split(), "--shard", "1/1", "--json", "part1.json").exit_code == 0
    changed = min((here / "pictures").iterdir())
    Image.new("RGB", (32, 32), "red").save(changed)
    assert geed(*AUDIT.split(), "--shard", "1/1", "--json", "part2.json").exit_code == 0
    done = geed("merge", "part1.json", "part2.json", "--json", "all.json")
    assert done.exit_code == 2
    assert f"{changed.name}: two pictures of this name were audited" in done.stderr
    assert "take its row files away, and run it again" in done.stderr
    shutil.rmtree(here / "part1.rows")
    assert geed(*AUDIT.split(), "--shard", "1/1", "--json", "part1.json").exit_code == 0
    assert geed("merge", "part1.json", "part2.json", "--json", "all.json").exit_code == 0


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("--shard 1/2", "--shard without a file for the part"),
        ("--shard 1/2 --json -", "--shard without a file for the part"),
        ("--rows rows --json part.json", "--rows without --shard"),
        ("--shard 1/2 --json part.rows", "part.rows would be replaced"),
        ("--shard 1/2 --json part.json -o page.html", "--shard together with --policy or -o"),
        ("--shard 1/2 --json part.json --discover linear", "--shard together with --discover"),
        (
            "--shard 1/2 --json part.json --until-width 0.1 --max-samples 99",
            "--shard together with --until-width",
        ),
        ("--shard 1/2 --json part.json --compile", "--shard together with --compile"),
    ],
)
def test_what_does_not_go_with_a_shard(geed: Geed, here: Path, words: str, found: str) -> None:
    """One error, before weights are loaded."""
    done = geed(*AUDIT.split(), *words.split())
    assert done.exit_code == 2
    assert found in done.stderr
    assert [path.name for path in here.iterdir()] == ["pictures"]


def test_other_files_are_no_parts(geed: Geed, here: Path) -> None:
    """A result is none, nor is a part whose command does something else than it says."""
    assert geed(*AUDIT.split(), "--shard", "1/1", "--json", "part.json").exit_code == 0
    part = json.loads((here / "part.json").read_text())
    words = [word.replace("latent.l2", "latent.cosine") for word in part["command"]]
    (here / "odd.json").write_text(json.dumps(part | {"command": words}))
    assert "made of something else than is here: measures" in geed("merge", "odd.json").stderr
    (here / "code.json").write_text(json.dumps(part | {"command": ["geed", "audit", "--nothing"]}))
    assert "the parts' command is none of this version" in geed("merge", "code.json").stderr
    (here / "result.json").write_text(json.dumps(part | {"schema": "geed.result/2"}))
    assert "is not a part of an audit: its schema is 'geed.result/2'" in geed("merge", "result.json").stderr


def test_a_part_of_a_thousand_million_shards(geed: Geed, here: Path) -> None:
    """Whoever wrote that: no more are named than the audit has tiles."""
    assert geed(*AUDIT.split(), "--shard", "1/2", "--json", "part.json").exit_code == 0
    part = json.loads((here / "part.json").read_text())
    (here / "odd.json").write_text(json.dumps(part | {"count": 10**9}))
    done = geed("merge", "odd.json")
    assert done.exit_code == 3
    assert "rows of 6 images are not there: shard 2/1000000000\n" in done.stderr
