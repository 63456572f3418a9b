"""Words that users choose among: each list once in the package, and no other word gets in anywhere."""

import ast
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest

import geed_cli
from geed_cli.choices import IntervalMethod, IntervalOptions, check_choice
from geed_cli.errors import InputError
from geed_cli.pipeline.options import ActionOptions, ControlOptions, DataOptions, RunOptions

PACKAGE = Path(geed_cli.__file__).parent


def lists_of_words(tree: ast.AST) -> list[frozenset[object]]:
    """The words of every ``Literal[...]`` that has two or more."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith("Literal"):
            words = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            found += [frozenset(ast.literal_eval(word) for word in words)] if len(words) > 1 else []
    return found


def test_no_list_of_words_stands_twice() -> None:
    """A list that is written down twice drifts: ``compare`` had lost an interval method that way."""
    places: dict[frozenset[object], list[str]] = defaultdict(list)
    for path in sorted(PACKAGE.rglob("*.py")):
        for words in lists_of_words(ast.parse(path.read_text(encoding="utf-8"))):
            places[words].append(str(path.relative_to(PACKAGE)))
    assert len(places) > 10
    assert {tuple(sorted(map(str, words))): files for words, files in places.items() if len(files) > 1} == {}


def test_a_wrong_word_is_answered_with_the_nearest() -> None:
    """What was found, the list, and the word to use; the usual one where nothing matches it."""
    words = get_args(IntervalMethod)
    with pytest.raises(InputError) as near:
        check_choice("interval method", "studentised", words)
    assert near.value.found == "interval method 'studentised'"
    assert all(word in near.value.expected for word in words)
    assert near.value.remedy == "use studentized"
    with pytest.raises(InputError, match="use corrected-t"):
        check_choice("interval method", "xyz", words, "corrected-t")


@pytest.mark.parametrize(
    ("wrong", "option", "word"),
    [
        (lambda: DataOptions(decode="fsat"), "--decode", "fast"),
        (lambda: DataOptions(on_bad_image="ignore"), "--on-bad-image", "error"),
        (lambda: ActionOptions("dsic"), "--boundary", "disc"),
        (lambda: ActionOptions(interpolation="cubic"), "--interpolation", "bicubic"),
        (lambda: IntervalOptions(method="bac"), "--ci", "bca"),
        (lambda: RunOptions(device="gpu"), "--device", "cpu"),
        (lambda: RunOptions(precision="fp8"), "--precision", "fp"),
        (lambda: RunOptions(on_nonfinite="skpi"), "--on-nonfinite", "skip"),
        (lambda: RunOptions(on_unsteady="reprot"), "--on-unsteady", "report"),
        (lambda: ControlOptions(discover="liner"), "--discover", "linear"),
    ],
)
def test_options_made_in_python_refuse_other_words(
    wrong: Callable[[], object], option: str, word: str
) -> None:
    """The same errors as on the command line, before anything runs: never another word's behaviour."""
    with pytest.raises(InputError) as refused:
        wrong()
    assert refused.value.found.startswith(f"{option} '")
    assert refused.value.remedy.startswith(f"use {word}")
