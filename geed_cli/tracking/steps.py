"""The training step that a file name states.

In this order: the last number after a word such as step, iter, epoch or ckpt in the file's name; the last number
that stands alone there; a number after such a word in the folder's name (``checkpoint-500/model.safetensors``); a
number glued to letters (``model10``), which may as well be a part of a name. ``12k`` is 12,000.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from geed_cli.documents.pattern import Pattern, with_one_group
from geed_cli.errors import InputError
from geed_cli.tracking.record import Unit

NUMBER = r"(?P<number>[0-9]{1,15})(?P<times>[kKmM]?)(?![0-9a-zA-Z]|\.[0-9])"
UNIT_WORDS: dict[str, Unit] = {
    "step": "step",
    "checkpoint": "step",
    "ckpt": "step",
    "iteration": "iteration",
    "iter": "iteration",
    "it": "iteration",
    "epoch": "epoch",
    "ep": "epoch",
}
AFTER_A_WORD = re.compile(rf"(?<![a-zA-Z])(?P<word>{'|'.join(UNIT_WORDS)})s?[=_\-. ]*{NUMBER}", re.IGNORECASE)
STANDING_ALONE = re.compile(rf"(?<![0-9a-zA-Z])(?<![0-9]\.){NUMBER}")
GLUED_TO_LETTERS = re.compile(r"(?P<number>[0-9]{1,15})(?P<times>)(?![0-9])")
MULTIPLIERS = {"": 1, "k": 1_000, "m": 1_000_000}


@dataclass(frozen=True)
class Step:
    """A training step.

    Attributes:
        origin: where it was read, as text.
        sure: whether the place it was read from could hardly mean anything else.
    """

    number: int
    origin: str
    unit: Unit = "step"
    sure: bool = True


def step_in_name(path: Path) -> Step | None:
    """The step that the name of a file, or of its folder, states; None where it states none.

    Examples: ``step_100.pt``, ``epoch=3-step=1500.ckpt`` (1500), ``ckpt-12k.pth`` (12,000), ``000500.pt``.
    """
    name, folder = path.stem, path.absolute().parent.name
    return (
        _last(AFTER_A_WORD, name, "the file name")
        or _last(STANDING_ALONE, name, "the last number of the file name", sure=False)
        or _last(AFTER_A_WORD, folder, "the folder's name")
    )


def glued_step(path: Path) -> Step | None:
    """The last number of a name that has none by itself: ``model10.pt``, but also ``resnet50.pt``."""
    return _last(GLUED_TO_LETTERS, path.stem, "the last digits of the file name", sure=False)


def step_pattern(text: str | None) -> Pattern | None:
    """The user's own pattern.

    Raises:
        InputError: no regular expression, or not exactly one group in it.
    """
    if text is None:
        return None
    try:
        return with_one_group(text)
    except ValueError as error:
        raise InputError(
            f"--step-regex {text!r} {error}",
            expected="a regular expression with one group, which finds the step",
            remedy=r"--step-regex 'step_(\d+)'",
        ) from error


def step_by_pattern(path: Path, pattern: Pattern) -> Step:
    """The whole number that the pattern's group finds in the path as it was written, folders included.

    Raises:
        InputError: no match, or no whole number.
    """
    match = pattern.search(path.as_posix())
    text = match[1] if match else None
    if text is None or not re.fullmatch("[0-9]{1,15}", text):
        what = "does not match" if text is None else f"finds {text!r} in"
        raise InputError(
            f"--step-regex {pattern.pattern!r} {what} {path}",
            expected="a whole number, the training step, in the path of every file",
            remedy=r"--step-regex 'step_(\d+)'",
        )
    return Step(int(text), "--step-regex")


def no_step(path: Path) -> InputError:
    """The refusal of a file without a step."""
    return InputError(
        f"no training step is known for {path}",
        expected="a number in its name, or an entry step, global_step, iteration or epoch in the checkpoint",
        remedy=r"rename it to step_100.pt or the like; --step-regex '/(\d+)/' takes the step from a folder's name",
    )


def _last(pattern: re.Pattern[str], text: str, origin: str, *, sure: bool = True) -> Step | None:
    matches = list(pattern.finditer(text))
    if not matches:
        return None
    last = matches[-1].groupdict()
    number = int(last["number"]) * MULTIPLIERS[last["times"].lower()]
    return Step(number, origin, UNIT_WORDS[last.get("word", "step").lower()], sure)
