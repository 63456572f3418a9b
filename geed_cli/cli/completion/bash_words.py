"""Names with a colon, in bash, which takes ``timm:conv`` for three words and completes the last of them.

Typer's script hands over bash's words, one a line, in ``COMP_WORDS``, and the number of the current one in
``COMP_CWORD``. Words that consist of signs at which bash breaks words are joined to their neighbours, and what bash has
before the cursor already is taken off the answers.
"""

import io
import os
import re
import sys
from collections.abc import Callable, MutableMapping
from contextlib import redirect_stdout

INSTRUCTION = "_GEED_COMPLETE"
"""Typer's own variable: that of the program's name."""
BREAKS = re.compile(r"[:=@]+")
"""What a word is that bash has made of signs alone, of those that stand in names of models, options and labels."""


def answer(run: Callable[[], object], environment: MutableMapping[str, str] = os.environ) -> None:
    """Have ``run`` answer as if bash broke words at blanks alone, and print what bash lacks of the answers."""
    before = join_words(environment)
    said = io.StringIO()
    try:
        with redirect_stdout(said):
            run()
    finally:
        lines = said.getvalue().splitlines()
        sys.stdout.write("".join(f"{line.removeprefix(before)}\n" for line in lines))
        sys.stdout.flush()


def join_words(environment: MutableMapping[str, str]) -> str:
    """Put whole words into the environment; returns what of the current one bash has before the part it completes.

    An option's name and its ``=`` do not count, since they are no part of the answers.
    """
    words, current = _words(environment)
    joined: list[str] = []
    place = 0
    is_open = False  # whether the next word belongs to the one before
    for number, word in enumerate(words[: current + 1]):
        is_break = bool(BREAKS.fullmatch(word))
        if joined and word and (is_open or is_break):  # an empty word stands behind a blank
            joined[-1] += word
        else:
            joined.append(word)
        is_open = is_break
        place = len(joined) - 1 if number == current else place
    environment["COMP_WORDS"] = "\n".join(joined)
    environment["COMP_CWORD"] = str(place)
    whole, last = joined[place], words[current]
    before = whole if BREAKS.fullmatch(last) else whole.removesuffix(last)
    return before.partition("=")[2] if before.startswith("-") else before


def _words(environment: MutableMapping[str, str]) -> tuple[list[str], int]:
    """Bash's words up to the cursor, and the number of the current one."""
    words = environment.get("COMP_WORDS", "").split("\n")
    try:
        current = max(0, int(environment.get("COMP_CWORD", "")))
    except ValueError:
        current = 0
    return [*words, *[""] * (current + 1 - len(words))], current
