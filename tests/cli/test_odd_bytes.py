"""Paths that are not UTF-8, and locales that know few signs: right, or one message and exit code 2."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import timm
from safetensors.torch import save_file
from support.command import Geed
from support.results import small_result

import geed_cli
from geed_cli.result.file import read_result, write_result

SPEC = """
model: {source: timm, name: test_resnet, arguments: {num_classes: 4}}
weights: {origin: random}
layers: [layer2]
input: {size: 32, crop_pct: 1.0}
"""
BYTE = os.fsdecode(b"\xff")
"""A byte that begins nothing in UTF-8."""
NARROW = os.environ | {
    "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii",
    "PYTHONPATH": str(Path(geed_cli.__file__).parents[1]),
}  # fmt: skip

pytestmark = [
    pytest.mark.usefixtures("folder"),
    pytest.mark.skipif(sys.platform != "linux", reason="other systems have names of Unicode alone"),
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a spec, its weights and a saved result."""
    monkeypatch.chdir(tmp_path)
    Path("net.yaml").write_text(SPEC)
    save_file(timm.create_model("test_resnet", num_classes=4).state_dict(), "step_1.safetensors")
    write_result(small_result(), Path("step_1.json"))
    Path("policy.yaml").write_text("version: 1\nrules: [{metric: latent.l2, max: 9}]\n")
    return tmp_path


def test_a_folder_and_its_pictures(geed: Geed, pictures: Path) -> None:
    r"""The folder is named with \xff in the result; a picture's name is refused, and counted."""
    data = Path(f"data{BYTE}")
    shutil.copytree(pictures, data)
    os.rename(next(data.iterdir()), data / f"odd{BYTE}.png")
    done = geed("audit", "net.yaml", "-g", "flip", "-d", data, "--json", f"out{BYTE}.json", "--quiet")
    assert done.exit_code == 0, done.stderr
    saved = read_result(Path(f"out{BYTE}.json")).data
    assert saved.root == r"data\xff"
    assert saved.count == 5
    assert [(each.path, each.reason) for each in saved.refused] == [
        (r"odd\xff.png", "its name is not valid UTF-8")
    ]


def test_parts_of_an_audit(geed: Geed, pictures: Path) -> None:
    """The folder of pictures, parts and their row files: as without parts, from what the parts say in UTF-8."""
    shutil.copytree(pictures, f"data{BYTE}")
    audit = ("audit", "net.yaml", "-g", "flip", "-d", f"data{BYTE}", "--labels", f"l{BYTE}.csv", "--quiet")
    names = sorted(path.name for path in pictures.iterdir())
    Path(f"l{BYTE}.csv").write_text("path,label\n" + "".join(f"{name},0\n" for name in names))
    assert geed(*audit, "--json", "one.json", "--no-cache").exit_code == 0
    part = Path(f"part{BYTE}.json")
    assert geed(*audit, "--shard", "1/1", "--json", part).exit_code == 0
    done = geed("merge", part, "--json", "all.json", "--quiet")
    assert done.exit_code == 0, done.stderr
    assert read_result(Path("all.json")).digest == read_result(Path("one.json")).digest


def test_a_checkpoint(geed: Geed, pictures: Path) -> None:
    """Refused by its name, and audited through the link that the message recommends."""
    odd = Path(f"w{BYTE}.safetensors")
    os.rename("step_1.safetensors", odd)
    audit = ("audit", "net.yaml", "-g", "flip", "-d", pictures, "--samples", "4", "--quiet", "--checkpoint")
    refused = geed(*audit, odd)
    assert refused.exit_code == 2
    assert r"w\xff.safetensors has bytes that are no UTF-8" in " ".join(refused.stderr.split())
    assert "ln -s FILE link-to-weights" in refused.stderr
    os.symlink(odd, "link-to-weights")
    assert geed(*audit, "link-to-weights").exit_code == 0
    step = Path(f"step_1{BYTE}.safetensors")
    os.rename(odd, step)
    refused = geed("track", step, "--model", "net.yaml", "-g", "flip", "-d", pictures, "--quiet")
    assert (refused.exit_code, "no UTF-8" in refused.stderr) == (2, True)


@pytest.mark.parametrize("name", ["--arch", "timm:"])
def test_a_name(geed: Geed, name: str) -> None:
    """There is no such network."""
    asked = ("--arch", BYTE, "step_1.safetensors") if name == "--arch" else (name + BYTE,)
    refused = geed("audit", "-g", "flip", *asked)
    assert refused.exit_code == 2
    assert r"no network is called '\xff'" in refused.stderr


def test_saved_files(geed: Geed) -> None:
    r"""In every output the byte is \xff, and what was written is read again."""
    odd, other = Path(f"step_1{BYTE}.json"), Path("other.json")
    os.rename("step_1.json", odd)
    write_result(small_result(1), other)
    out = {
        suffix: Path(f"out{BYTE}.{suffix}")
        for suffix in ("c.json", "c.csv", "t.json", "t.csv", "md", "g.json", "junit.xml")
    }
    done = geed("compare", odd, other, "--json", out["c.json"], "--csv", out["c.csv"])
    assert done.exit_code == 0, done.stderr
    assert json.loads(out["c.json"].read_text("utf-8"))["subjects"][0]["label"] == r"step_1\xff"
    assert r"step_1\xff" in out["c.csv"].read_text("utf-8")
    files = ("--json", out["t.json"], "--csv", out["t.csv"], "--figure", f"out{BYTE}.svg")
    done = geed("track", f"a{BYTE}={odd}", *files)
    assert done.exit_code == 0, done.stderr
    assert json.loads(out["t.json"].read_text("utf-8"))["records"][0]["file"] == r"step_1\xff.json"
    assert geed("track", out["t.json"]).exit_code == 0
    reports = [word for name in ("md", "g.json", "junit.xml") for word in ("-o", out[name])]
    shutil.copy(odd, "same.json")
    done = geed("check", odd, "same.json", "--policy", "policy.yaml", *reports)
    assert done.exit_code == 0, done.stderr
    labels = [model["label"] for model in json.loads(out["g.json"].read_text("utf-8"))["models"]]
    assert labels[0].endswith(r"(step_1\xff.json)")
    for name in ("c.json", "t.json", "g.json"):
        assert geed("validate", out[name]).exit_code == 0
    shown = geed("cache", "path", "--cache-dir", f"cache{BYTE}")
    assert shown.stdout_bytes == b"cache\xff\n"


def run(*arguments: str | bytes, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """The program in a process of its own, in a locale of ASCII alone unless said otherwise."""
    command = [sys.executable, "-m", "geed_cli", *arguments]
    return subprocess.run(command, capture_output=True, check=False, env=NARROW | environment)


ONE_AFTER_ANOTHER = """
import json, sys
from geed_cli.__main__ import main

for command in json.loads(sys.argv[1]):
    sys.argv = ["geed", *command]
    try:
        main()
    except SystemExit as ended:
        assert not ended.code, command
    sys.stdout.flush()
    sys.stdout.buffer.write(b"\\0")
"""


@pytest.mark.heavy
@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_json_and_csv_are_utf8_whatever_the_locale(encoding: str) -> None:
    """Signs that ASCII lacks, or cp1252, come as they are; a table shows ``?`` for them."""
    result = small_result()
    for name, seed in (("a", 0), ("b", 1)):
        write_result(small_result(seed).model_copy(update={"model": result.model}), Path(f"{name}.json"))
    compare = ["compare", "漢=a.json", "é=b.json"]
    commands = [[*compare, "--json", "-"], [*compare, "--csv", "-"], compare]
    code = [sys.executable, "-c", ONE_AFTER_ANOTHER, json.dumps(commands)]
    done = subprocess.run(code, capture_output=True, check=False, env=NARROW | {"PYTHONIOENCODING": encoding})
    assert done.returncode == 0, done.stderr
    as_json, as_csv, table, rest = done.stdout.split(b"\0")
    assert rest == b""
    subjects = json.loads(as_json.decode("utf-8"))["subjects"]
    assert [subject["label"] for subject in subjects] == ["漢", "é"]
    rows = csv.DictReader(io.StringIO(as_csv.decode("utf-8")))
    assert {row["subject"] for row in rows} == {"漢", "é"}
    table.decode(encoding)
    assert b"?" in table


@pytest.mark.heavy
def test_an_audit_in_a_locale_of_ascii(pictures: Path) -> None:
    """Paths of signs that it lacks, also one that a spec names, are found and written down as they are."""
    for file, name in zip(sorted(pictures.iterdir()), ("é", "漢😀", "ü/ö", "a"), strict=False):
        target = Path("bilder_ö", f"{name}.png")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)
    os.rename("step_1.safetensors", "gewichte_ä.safetensors")
    Path("ü.yaml").write_text(SPEC.replace("random", "file, path: gewichte_ä.safetensors"), encoding="utf-8")
    done = run("audit", "ü.yaml", "-g", "flip", "-d", "bilder_ö", "--json", "ß.json", "--quiet")
    assert done.returncode == 0, done.stderr
    saved = read_result(Path("ß.json"))
    assert saved.data.root == "bilder_ö"
    assert saved.data.refused == ()
    assert [image.path for image in saved.data.images] == ["a.png", "é.png", "ü/ö.png", "漢😀.png"]
    assert saved.model.weights.detail.endswith("gewichte_ä.safetensors")
