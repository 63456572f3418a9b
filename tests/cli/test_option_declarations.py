"""The options of audits: one declaration for every command, values that stand once, and none that is ignored."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from support.command import Geed
from support.results import save_run

from geed_cli.cli import compare, track
from geed_cli.cli.app import app
from geed_cli.cli.command import declared
from geed_cli.cli.compare import OPTIONS_LEFT_OUT as LEFT_OUT_OF_COMPARE
from geed_cli.cli.sweep import OPTIONS_LEFT_OUT as LEFT_OUT_OF_SWEEP
from geed_cli.cli.track import OPTIONS_LEFT_OUT as LEFT_OUT_OF_TRACK

DECLARED = {option.name for option in declared()}
OPTIONS_LEFT_OUT = {
    "audit": {},
    "compare": LEFT_OUT_OF_COMPARE,
    "track": LEFT_OUT_OF_TRACK,
    "sweep": LEFT_OUT_OF_SWEEP,
}
ASKED_FOR = {
    "compare": {"set_", "floor", "decode", "on_nonfinite", "compile_", "simultaneous", "twin", "discover"},
    "track": {"strip_prefix", "allow_pickle", "floor", "twin", "set_", "decode", "compile_", "simultaneous"},
}
VALUES = {
    "--group": "c4", "--set": "blur:1", "--boundary": "context", "--interpolation": "bicubic", "--data": ".",
    "--samples": "5", "--draw-seed": "1", "--norm-samples": "5", "--image-weights": "balanced",
    "--on-bad-image": "skip", "--decode": "fast", "--split": "test", "--image-key": "image",
    "--weights": "random", "--spec-dir": ".", "--img-size": "64", "--floor": "4", "--discover": "linear",
    "--device": "cpu", "--devices": "0", "--batch-size": "8", "--precision": "fp64", "--on-nonfinite": "skip",
    "--on-unsteady": "report",
    "--engine": "ray", "--ray-address": "auto", "--workers": "2", "--gpus-per-worker": "0.5",
    "--cache-dir": ".", "--arch": "resnet18", "--num-classes": "3", "--key": "ema", "--strip-prefix": "m.",
    "--classes": "names.txt", "--labels": "folder", "--label-key": "label",
    "--follow-links": None, "--allow-code": None,
    "--allow-pickle": None, "--twin": None, "--phase-correct": None, "--compile": None, "--no-cache": None,
}  # fmt: skip
"""A value for each option that only audits read; None for a flag."""


def commands(command: object = None, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    """Every command with the words that lead to it."""
    command = command or typer.main.get_command(app)
    if not hasattr(command, "commands"):
        yield path, command
        return
    for name, below in command.commands.items():
        yield from commands(below, (*path, name))


COMMANDS = dict(commands())


def options_of(path: tuple[str, ...]) -> dict[str, object]:
    """A command's options by the names of their parameters."""
    return {one.name: one for one in COMMANDS[path].params if one.param_type_name == "option"}


@pytest.mark.parametrize("name", ["audit", "compare", "sweep", "track"])
def test_a_command_has_every_option_but_those_it_names_with_a_reason(name: str) -> None:
    """By name; the same help, kind and default as in ``audit``."""
    lacks, found = OPTIONS_LEFT_OUT[name], options_of((name,))
    assert DECLARED & found.keys() == DECLARED - lacks.keys()
    assert lacks.keys() <= DECLARED
    assert all(len(reason.split()) > 3 for reason in lacks.values())
    assert ASKED_FOR.get(name, set()) <= found.keys()
    for option, whole in options_of(("audit",)).items():
        if option in DECLARED & found.keys():
            mine = found[option]
            assert (mine.help, mine.default, mine.opts) == (whole.help, whole.default, whole.opts)


def test_the_parameters_of_commands_are_few() -> None:
    """What is declared once is no parameter of the functions behind it."""
    for function in (compare.compare, track.track):
        assert function.__wrapped__.__wrapped__.__code__.co_argcount <= 1
        assert function.__wrapped__.__wrapped__.__code__.co_kwonlyargcount <= 13


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_a_value_stands_once(geed: Geed, path: tuple[str, ...]) -> None:
    """On every command, by either name of an option; nothing is loaded and nothing printed."""
    single = [one for one in options_of(path).values() if not (one.multiple or one.is_flag)]
    for option in single:
        done = geed(*path, option.opts[0], "1", option.opts[-1], "1")
        assert done.exit_code == 2, (option.opts, done.output)
        assert "given twice" in done.stderr
        assert max(option.opts, key=len) in done.stderr
        assert done.stdout == ""


def test_a_repeated_seed_does_not_win(geed: Geed) -> None:
    """As typed: with = and apart, both ends of the line; options of several values and flags may be repeated."""
    assert geed("audit", "--seed=1", "efficientnet_lite0", "--seed", "2").exit_code == 2
    done = geed("audit", "no_such_net", "-g", "flip", "-g", "c4", "-q", "-q")
    assert "no_such_net" in done.stderr
    assert "given twice" not in done.stderr


@pytest.mark.parametrize("flag", VALUES)
def test_options_of_audits_cannot_act_on_saved_results(geed: Geed, tmp_path: Path, flag: str) -> None:
    """Exit 2 naming the option, even where its value is the default; never ignored."""
    save_run(tmp_path, (3, 10))
    files = sorted(tmp_path.glob("run0_*.json"))
    for command in ("compare", "track"):
        if OPTIONS_LEFT_OUT[command].keys() & {flag.strip("-").replace("-", "_")}:
            continue
        with_ = ["--labels", "data"] * (flag == "--label-key")  # which reads a column that --labels names
        done = geed(command, *files, *with_, flag, *filter(None, [VALUES[flag]]))
        assert done.exit_code == 2, (command, done.output)
        assert f"{flag} cannot act on saved results" in " ".join(done.stderr.split())
        assert done.stdout == ""


def test_every_option_of_audits_is_tried_above() -> None:
    """What is left acts on saved results as well."""
    tried = {flag.strip("-").replace("-", "_") for flag in VALUES}
    both = {"metric", "layer", "confidence", "resamples", "ci", "simultaneous", "seed", "cluster", "by"}
    assert {name.rstrip("_") for name in DECLARED - OPTIONS_LEFT_OUT["compare"].keys()} == tried | both


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("audit", "resnet18", "--width-of", "latent.l2"),
            "--width-of without --until-width and --max-samples",
        ),
        (("audit", "resnet18", "--until-width", "0.1"), "--until-width without --max-samples"),
        (
            ("audit", "resnet18", "--ci", "corrected-t", "--resamples", "500"),
            "--resamples with --ci corrected-t, which draws none",
        ),
        (("compare", "resnet18", "resnet34", "--arch", "resnet18"), "--arch cannot act on models"),
        (("compare", "resnet18", "resnet34", "--strip-prefix", "m."), "--strip-prefix cannot act on models"),
        (("track", "a.json", "--fresh"), "--fresh without --json FILE"),
        (("track", "{saved}", "--model", "resnet18"), "--model cannot act on saved results"),
    ],
)
def test_options_that_cannot_act(
    geed: Geed, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    """Exit 2 with what is missing."""
    saved = str(save_run(tmp_path, (3,)) / "run0_step_3.json")
    done = geed(*(text.format(saved=saved) for text in arguments))
    assert done.exit_code == 2
    assert message in " ".join(done.stderr.split())
