"""The whole text of every situation, words for logs, warnings of several groups, next steps."""

import pytest
from situations import SITUATIONS, Situation

from geed_cli.verdict.audit import say


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda each: each.name)
def test_every_situation_has_its_sentences(situation: Situation) -> None:
    """Verdict, reasons and warnings, to the letter."""
    said = say(situation.found, situation.found.groups[0].name)
    text = " ".join([said.verdict, *said.reasons, *(f"! {line}" for line in said.warnings)])
    assert text == situation.text
