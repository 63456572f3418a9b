"""What shells are offered at the tab key: by typer's protocol in this process, and by shells themselves."""

import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path
from typing import get_args

import pytest
from support.command import Geed
from typer.testing import CliRunner

from geed_cli import __version__
from geed_cli.actions.conditions import Boundary
from geed_cli.cache.location import cache_folder
from geed_cli.cli.app import app
from geed_cli.cli.completion.bash_words import join_words
from geed_cli.cli.completion.model_names import FILE_NAME, model_names
from geed_cli.models.load import known_architectures, known_models
from geed_cli.result.embedded import ELEMENT, embedded
from geed_cli.result.file import read_result

ROOT = Path(__file__).parents[2]
PRETRAINED = [
    *("timm:convnext_tiny.fb_in1k", "timm:convnext_tiny.in12k", "timm:resnet18.a1_in1k"),
    "torchvision:resnet18/IMAGENET1K_V1",
]
ARCHITECTURES = ["convnext_tiny", "resnet18", "torchvision:resnet18"]
HOSTILE = [
    "a b",
    "$(touch x)",
    "`touch x`",
    "x'$(touch x)'",
    'x"; touch x; "',
    "x\\$(touch x)",
    "*",
    "a\nb",
    "(x)",
]

Complete = Callable[[str], list[str]]


def keep_names() -> Path:
    """The list of names as an earlier run has left it, so that neither library is asked."""
    path = cache_folder(None) / FILE_NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    versions = {"geed": __version__, **{name: metadata.version(name) for name in ("timm", "torchvision")}}
    path.write_text(
        json.dumps({"versions": versions, "pretrained": PRETRAINED, "architectures": ARCHITECTURES}), "utf-8"
    )
    return path


def answered(environment: Mapping[str, str]) -> str:
    done = CliRunner().invoke(app, [], env=dict(environment), prog_name="geed")
    assert done.exit_code == 0, done.output
    return done.stdout


def in_bash(line: str) -> list[str]:
    """What bash is told; it breaks words at : = @ as well."""
    words = line.split(" ")
    broken = [part for word in words for part in _broken(word)] if words[-1] else [
        *(part for word in words[:-1] for part in _broken(word)), ""
    ]  # fmt: skip
    environment = {"COMP_WORDS": "\n".join(broken), "COMP_CWORD": str(len(broken) - 1)}
    last = broken[-1] if broken[-1] not in (":", "=", "@") else ""
    before = line.rpartition(" ")[2].removesuffix(last)
    value = before.partition("=")[2] if before.startswith("-") else before
    return [value + text for text in answered({"_GEED_COMPLETE": "complete_bash", **environment}).split()]


def _broken(word: str) -> list[str]:
    for sign in ":=@":
        word = word.replace(sign, f"\n{sign}\n")
    return [part for part in word.split("\n") if part]


def in_zsh(line: str) -> list[str]:
    """What zsh is told, without the signs around it."""
    said = answered({"_GEED_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": line})
    if said.strip() == "_files":
        return []
    inside = said.strip().removeprefix("_arguments '*: :((").removesuffix("))'")
    return [text.partition('":"')[0].strip('"').replace(r"\\:", ":") for text in inside.split("\n")]


def in_fish(line: str) -> list[str]:
    """What fish is told; it asks first whether there is anything."""
    asked = {"_GEED_COMPLETE": "complete_fish", "_TYPER_COMPLETE_ARGS": line}
    said = answered({**asked, "_TYPER_COMPLETE_FISH_ACTION": "get-args"}).splitlines()
    is_there = CliRunner().invoke(
        app, [], env={**asked, "_TYPER_COMPLETE_FISH_ACTION": "is-args"}, prog_name="geed"
    )
    found = [text.partition("\t")[0] for text in said if text]
    assert (is_there.exit_code == 0) == bool(found)
    return found


def in_powershell(line: str) -> list[str]:
    """What PowerShell is told."""
    asked = {"_TYPER_COMPLETE_ARGS": line, "_TYPER_COMPLETE_WORD_TO_COMPLETE": line.rpartition(" ")[2]}
    said = answered({"_GEED_COMPLETE": "complete_powershell", **asked}).splitlines()
    return [text.partition(":::")[0] for text in said if text]


SHELLS: dict[str, Complete] = {
    "bash": in_bash, "zsh": in_zsh, "fish": in_fish, "powershell": in_powershell,
}  # fmt: skip
OFFERED: dict[str, list[str]] = {
    "geed aud": ["audit"],
    "geed audit timm:conv": ["timm:convnext_tiny.fb_in1k", "timm:convnext_tiny.in12k"],
    "geed audit timm:": [name for name in PRETRAINED if name.startswith("timm:")],
    "geed audit torchvision:resnet18/": ["torchvision:resnet18/IMAGENET1K_V1"],
    "geed audit resnet": ["resnet50", "resnet18"],
    "geed audit convnext_tiny.": ["convnext_tiny.fb_in1k", "convnext_tiny.in12k"],
    "geed audit convnext_tiny": ["convnext_tiny"],
    "geed inspect eff": ["efficientnet_lite0"],
    "geed audit efficientnet_lite0 --layer blocks.": [f"blocks.{n}" for n in range(7)],
    "geed audit --arch torchvision:": ["torchvision:resnet18"],
    "geed audit -g xshift3": ["xshift3", *(f"xshift3{n}" for n in range(10))],
    "geed audit --set blur:": ["blur:1,2,4"],
    "geed audit --metric lat": ["latent.l2", "latent.cosine", "latent.relative"],
    "geed compare --metric latent.l2": ["latent.l2", "latent.l2.raw", "latent.l2.M"],
    "geed plan --metric softmax": ["softmax.kl"],
    "geed audit --precision bf": ["bf16"],
    "geed audit --ci boot": ["bootstrap-t"],
    "geed audit --image-weights b": ["balanced"],
    "geed audit --cluster f": ["folder"],
    "geed audit --batch-size a": ["auto"],
    "geed audit --devices a": ["all"],
    "geed check --on-undecided p": ["pass"],
    "geed init --ci git": ["github", "gitlab"],
    "geed report --plot po": ["polar"],
    "geed ls groups vf": ["vflip"],
    "geed ls sets ga": ["gamma"],
    "geed ls specs bit": ["bit_r101"],
    "geed ls models timm:res": ["timm:resnet18.a1_in1k"],
    "geed ls metrics ch": ["channelwise.cosine", "channelwise.correlation"],
    "geed explain corrected": ["corrected-t"],
    "geed compare timm:res": ["timm:resnet18.a1_in1k"],
    "geed track --model efficient": ["efficientnet_lite0"],
    "geed cache pr": ["prune"],
    # places of files are left to the shell
    "geed check ": [],
    "geed check r.json --policy ge": [],
    "geed audit -d my": [],
    "geed audit no-such-": [],
    "geed track it": [],
    "geed report r.js": [],
    "geed report r.json -o x.ht": [],
}


@pytest.fixture
def _kept(geed: Geed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del geed  # whose program is made once
    monkeypatch.chdir(tmp_path)
    keep_names()


@pytest.mark.usefixtures("_kept")
@pytest.mark.parametrize("shell", list(SHELLS))
def test_every_kind_of_name_is_offered(shell: str) -> None:
    """Each shell is told the same, names with colons too."""
    assert {line: SHELLS[shell](line) for line in OFFERED} == OFFERED


@pytest.mark.usefixtures("_kept")
def test_a_start_is_offered_where_nothing_is_typed() -> None:
    """All choices of an option, the usual groups, the specs and how other models begin."""
    assert in_fish("geed audit --boundary ") == list(get_args(Boundary))
    places = ["hf-hub:", "transformers:", "open_clip:", "local-dir:", "torchhub:"]
    assert in_fish("geed audit ")[-7:] == ["timm:", "torchvision:", *places]
    assert in_fish("geed audit transf") == ["transformers:"]
    assert "resnet50" in in_fish("geed audit ")
    usual = in_fish("geed audit -g ")
    assert usual[:3] == ["flip", "vflip", "flips"]
    assert len(usual) < 20


@pytest.mark.usefixtures("_kept")
def test_bash_completes_behind_an_equals_sign() -> None:
    """It has the option and the sign as words of their own."""
    assert in_bash("geed audit --precision=bf") == ["bf16"]
    assert in_bash("geed track --model=timm:res") == ["timm:resnet18.a1_in1k"]


@pytest.mark.parametrize(
    ("words", "place", "joined", "current", "before"),
    [
        ("geed|audit|timm|:|conv", 4, "geed|audit|timm:conv", 2, "timm:"),
        ("geed|audit|timm|:", 3, "geed|audit|timm:", 2, "timm:"),
        ("geed|audit|timm:conv", 2, "geed|audit|timm:conv", 2, ""),  # without : in COMP_WORDBREAKS
        ("geed|audit|timm|:|", 4, "geed|audit|timm:|", 3, ""),  # behind a blank
        ("geed|audit|a|::|b|x", 5, "geed|audit|a::b|x", 3, ""),
        ("geed|audit|-d|'my photos'|me|@|x", 6, "geed|audit|-d|'my photos'|me@x", 4, "me@"),
        ("geed|audit|timm|:|conv|-g|d", 2, "geed|audit|timm", 2, ""),  # the cursor is in the middle
        ("geed|track|--model|=|timm|:|r", 6, "geed|track|--model=timm:r", 2, "timm:"),
        ("geed", 0, "geed", 0, ""),
        ("", 3, "|||", 3, ""),
    ],
)
def test_words_that_bash_breaks_are_joined(
    words: str, place: int, joined: str, current: int, before: str
) -> None:
    """By hand, as bash 5.2 hands them over."""
    environment = {"COMP_WORDS": words.replace("|", "\n"), "COMP_CWORD": str(place)}
    assert join_words(environment) == before
    assert environment == {"COMP_WORDS": joined.replace("|", "\n"), "COMP_CWORD": str(current)}


@pytest.mark.usefixtures("_kept")
@pytest.mark.parametrize("shell", list(SHELLS))
def test_layers_come_from_saved_results(tmp_path: Path, shell: str) -> None:
    """Of every result on the line; what a shell would evaluate is left out."""
    for name, layers in (("a.json", ["stem", *HOSTILE]), ("b.json", ["head.0"])):
        content = {"results": [{"metric": "channelwise.cosine", "layer": layer} for layer in layers]}
        (tmp_path / name).write_text(json.dumps(content), encoding="utf-8")
    assert SHELLS[shell]("geed compare a.json b.json --layer ") == ["stem", "head.0"]
    assert SHELLS[shell]("geed compare none.json --layer ") == []
    (tmp_path / "a.json").write_text("[" * 100_000, encoding="utf-8")
    assert SHELLS[shell]("geed compare a.json --layer ") == []


@pytest.mark.usefixtures("_kept")
def test_pages_have_the_names_of_the_results_in_them(tmp_path: Path) -> None:
    """Of ``LABEL=FILE``, too; a page without results has none."""
    saved = read_result(ROOT / "tests" / "saved" / "result.json")
    page = f'<script type="application/json" id="{ELEMENT}">{embedded({"r": saved})}</script>'
    (tmp_path / "p.html").write_text(page, "utf-8")
    shutil.copy(ROOT / "tests" / "saved" / "result.json", tmp_path / "r.json")
    (tmp_path / "none.html").write_text("<p>", "utf-8")
    layers = list(dict.fromkeys(each.layer for each in saved.results if each.layer))
    groups = list(dict.fromkeys(each.group for each in saved.results))
    assert layers
    for line in ("p.html", "r.json", "before=r.json", "before=p.html"):
        assert in_fish(f"geed compare {line} --layer ") == layers
        assert in_fish(f"geed report {line} --plot depth --group ") == groups
    assert in_fish("geed report none.html --group ") == []


@pytest.mark.usefixtures("_kept")
def test_layers_come_from_specs(tmp_path: Path) -> None:
    """A path, a name in --spec-dir; a file that is none has no layers, and a folder that is not there no specs."""
    (tmp_path / "mine.yaml").write_text("layers: [stem, 'a b', 3, block*]\n", encoding="utf-8")
    (tmp_path / "bad.yaml").write_text("layers: {a: [}\n", encoding="utf-8")
    assert in_fish("geed audit mine.yaml --layer ") == ["stem"]
    assert in_fish(f"geed audit mine --spec-dir {tmp_path} --layer ") == ["stem"]
    assert in_fish(f"geed audit --spec-dir {tmp_path} mi") == ["mine"]
    assert in_fish("geed audit bad.yaml --layer ") == []
    assert in_fish("geed audit --spec-dir nowhere mi") == []


@pytest.mark.usefixtures("_kept")
def test_files_come_before_models_in_comparisons(tmp_path: Path) -> None:
    """Where a file begins so, the shell offers files."""
    assert in_fish("geed compare resnet") == ["resnet50", "resnet18"]
    (tmp_path / "resnet18.json").touch()
    assert in_fish("geed compare resnet") == []


def test_names_are_those_of_the_libraries() -> None:
    """They are asked once; a list of other versions, or a damaged one, is made anew."""
    path = cache_folder(None) / FILE_NAME
    names = model_names()
    assert (names.pretrained, names.architectures) == (known_models(), known_architectures())
    made = path.read_text("utf-8")
    assert model_names() == names
    for broken in (
        "",
        "[]",
        made.replace(metadata.version("timm"), "0.0"),
        made.replace('"timm:', '3, "timm:', 1),
    ):
        path.write_text(broken, "utf-8")
        assert model_names() == names
        assert path.read_text("utf-8") == made


def test_a_cache_that_cannot_be_written_costs_the_list_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file stands where the folder would be."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("GEED_CACHE_DIR", str(tmp_path / "file" / "cache"))
    assert model_names().pretrained == known_models()


def test_pruning_everything_removes_the_names(geed: Geed) -> None:
    """They are no part of what other rules name."""
    path = keep_names()
    geed("cache", "prune", "--older-than", "0s")
    assert path.exists()
    geed("cache", "prune", "--all")
    assert not path.exists()


@pytest.mark.heavy
def test_completion_imports_neither_torch_nor_timm(tmp_path: Path) -> None:
    """One fresh process, a dozen completions."""
    keep_names()
    lines = [line for line in OFFERED if line != "geed audit efficientnet_lite0 --layer blocks."]
    code = (
        "import os, sys\n"
        "from typer.main import get_command\n"
        "from geed_cli.cli.app import app\n"
        "program = get_command(app)\n"
        f"for line in {lines!r}:\n"
        "    os.environ.update(_GEED_COMPLETE='complete_zsh', _TYPER_COMPLETE_ARGS=line)\n"
        "    try: program(prog_name='geed')\n"
        "    except SystemExit as leave: assert not leave.code, line\n"
        "print([m for m in ('torch', 'timm', 'torchvision', 'scipy.stats') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout.splitlines()[-1] == "[]"


TYPED = {
    "geed audit timm:conv": "timm:convnext_tiny.",
    "geed audit torchvision:res": "torchvision:resnet18/IMAGENET1K_V1 ",
    "geed audit --precision bf": "--precision bf16 ",
    "geed audit -d my": r"my\ photos/",
    "geed check --policy ge": r"geed\ policy.yaml ",
    "geed compare r.json --layer st": "--layer stem ",
}
"""What is typed before the tab key, and what then stands at the end of the line."""


PROMPT = "what now? "


@pytest.mark.heavy
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_what_is_typed(tmp_path: Path, shell: str) -> None:
    """Installed as a user would, then in a new shell at a terminal."""
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell}")
    home, work = tmp_path / "home", tmp_path / "work"
    (work / "my photos").mkdir(parents=True)
    (work / "geed policy.yaml").touch()
    (work / "r.json").write_text(json.dumps({"results": [{"layer": "stem"}]}), encoding="utf-8")
    program = tmp_path / "bin" / "geed"
    program.parent.mkdir()
    home.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m geed_cli "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    keep_names()
    environment = {
        **os.environ, "HOME": str(home), "ZDOTDIR": str(home), "XDG_CONFIG_HOME": str(home / ".config"), "TERM": "dumb",
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "INPUTRC": os.devnull,
    }  # fmt: skip
    subprocess.run(
        [shell, "-c", "geed --install-completion; true"], env=environment, check=True, capture_output=True
    )
    if shell == "fish":  # it completes without a terminal
        for typed, completed in TYPED.items():
            done = subprocess.run(
                ["fish", "-c", f"complete -C '{typed}'"],
                env=environment, cwd=work, check=True, capture_output=True, text=True,
            )  # fmt: skip
            ends = {line.partition("\t")[0] for line in done.stdout.splitlines()}
            wanted = (
                completed.replace("\\", "").removeprefix("--precision ").removeprefix("--layer ").rstrip()
            )
            assert any(end.startswith(wanted) for end in ends), (typed, ends)
        return
    with (home / f".{shell}rc").open("a", encoding="utf-8") as settings:
        settings.write(f"PS1='{PROMPT}'\n")
    with Terminal([shell, "-i"], environment, work) as terminal:
        assert terminal.wait_for(PROMPT), terminal.shown
        for number, (typed, completed) in enumerate(TYPED.items()):
            # in a new zsh the first key loads what typer's script says, and the second completes
            keys = "\t\t" if shell == "zsh" and not number else "\t"
            assert terminal.type(typed + keys, completed), (typed, terminal.shown)


class Terminal:
    """A program at a terminal of its own."""

    def __init__(self, command: list[str], environment: Mapping[str, str], folder: Path) -> None:
        self.pid, self.stream = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execvpe(command[0], command, environment)
        termios.tcsetwinsize(self.stream, (40, 200))
        self.shown = ""

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.stream)
        os.waitpid(self.pid, 0)

    def type(self, text: str, expected: str) -> bool:
        """Type, wait for what is expected, and empty the line."""
        os.write(self.stream, text.encode())
        found = self.wait_for(expected)
        self.shown = self.shown if not found else ""
        os.write(self.stream, b"\x15")
        return found

    def wait_for(self, expected: str, seconds: float = 60) -> bool:
        """Whether it is shown before the time is over."""
        end = time.monotonic() + seconds
        while expected not in self.shown and time.monotonic() < end:
            if select.select([self.stream], [], [], 0.1)[0]:
                said = os.read(self.stream, 65536).decode(errors="replace")
                self.shown += re.sub(r"[\x00-\x1f]", "", said)  # a bell, and what draws the line anew
        return expected in self.shown
