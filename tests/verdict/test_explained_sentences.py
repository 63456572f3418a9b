"""Every verdict and warning that a result can have is explained by ``geed explain``, as it is printed."""

import ast
from pathlib import Path

import pytest
from situations import SITUATIONS, Situation
from support.constructed import features, group, result

from geed_cli.report.explain.topics import topic_of
from geed_cli.statistics.sample import LEFT_OUT
from geed_cli.statistics.validity import CARRY_HALF
from geed_cli.verdict import cautions, comparison
from geed_cli.verdict.audit import say, warnings
from geed_cli.verdict.comparison import (
    ABSENT,
    FURTHER,
    HIGHER_THAN_INSENSITIVE,
    LOWER_BUT_INSENSITIVE,
    NEARER,
    UNDECIDED,
)
from geed_cli.verdict.grids import FAULTS
from geed_cli.verdict.on_tracks import missing, reactions
from geed_cli.verdict.on_tracks import warnings as of_tracks


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda each: each.name)
def test_every_verdict_and_warning_is_explained(situation: Situation) -> None:
    """As a sentence has them, and as logs do; a warning as it was printed."""
    said = say(situation.found, situation.found.groups[0].name)
    for word in (said.word, said.key, said.verdict):
        assert topic_of(word).explained.what
    for warning in (*said.warnings, *warnings(situation.found)):
        assert topic_of(warning).heading == "warnings", warning


def test_a_warning_that_names_a_product_is_a_warning() -> None:
    """The ``*`` in it makes it no product itself."""
    groups = [group("c4"), group("flip*invert", elements=("e", "m", "invert", "m*invert"))]
    found = result(
        *(features(0.5, 0.4, 0.6, of=each.name, twin=0.3) for each in groups[1:]),
        features(0.5, 0.4, 0.6, of="c4"),
        groups=groups,
    )
    (warning,) = warnings(found)
    assert warning.endswith("(flip*invert)")
    assert topic_of(warning).heading == "warnings"


def test_every_word_of_comparisons_and_tracks_is_explained() -> None:
    """The verdicts of both, and every warning that they can have."""
    words = (FURTHER, NEARER, UNDECIDED, ABSENT, LOWER_BUT_INSENSITIVE, HIGHER_THAN_INSENSITIVE)
    for word in (*words, "not compared", "no change shown", "no verdict"):
        assert topic_of(word).explained.what
    for module, functions in (
        (comparison, {"difference_warnings"}),
        (of_tracks, {"track_warnings", "_controls"}),
        (reactions, {"_told"}),
        (missing, {"_steps", "_models"}),
    ):
        tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
        made = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in functions]
        assert len(made) == len(functions)
        documented = {id(each.value) for one in made for each in ast.walk(one) if isinstance(each, ast.Expr)}
        texts = [
            node.value
            for one in made
            for node in ast.walk(one)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documented
        ]
        said = [
            text for text in texts if len(text.split()) > 4 and not text.startswith(("What", "a ", ", so"))
        ]
        assert said
        for text in said:
            assert topic_of(text).heading == "warnings", text


def test_every_text_of_a_warning_is_explained() -> None:
    """Those that no situation has, too: the texts that cautions are made of."""
    tree = ast.parse(Path(cautions.__file__).read_text(encoding="utf-8"))
    documented = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    texts = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documented
    ]
    sentences = [
        text
        for text in [*texts, LEFT_OUT, CARRY_HALF, *(fault.short for fault in FAULTS.values())]
        if len(text.split()) > 5 and "nearby" not in text and text[0] != ","
    ]
    assert len(sentences) > 10
    for text in sentences:
        assert topic_of(text).heading == "warnings", text
