"""All words that belong to no object of their own: of tables, results and verdicts."""

from collections.abc import Mapping

from geed_cli.report.explain.words.concepts import PAPER_WORDS, SCALE_WORDS
from geed_cli.report.explain.words.discovery import DISCOVERY_WORDS
from geed_cli.report.explain.words.headings import COLUMN_WORDS
from geed_cli.report.explain.words.labelling import LABEL_WORDS
from geed_cli.report.explain.words.lists import LIST_WORDS
from geed_cli.report.explain.words.results import OPTION_WORDS, RESULT_WORDS
from geed_cli.report.explain.words.verdicts import VERDICT_WORDS
from geed_cli.report.explain.words.word import Word

WORDS: Mapping[str, tuple[Word, ...]] = {
    "the paper": PAPER_WORDS,
    "the scale": SCALE_WORDS,
    "columns": COLUMN_WORDS,
    "results": RESULT_WORDS,
    "labels": LABEL_WORDS,
    "verdicts": VERDICT_WORDS,
    "hidden actions": DISCOVERY_WORDS,
    "lists": LIST_WORDS,
    "options": OPTION_WORDS,
}
"""By the heading under which they are listed."""
