"""``LABEL=`` before what an argument names."""

from pathlib import Path

from geed_cli.documents.document import unicode_text
from geed_cli.tracking.named_steps import step_exists


def split_label(text: str) -> tuple[str | None, str]:
    """The label and the rest of ``LABEL=REST``; no label where there is none, or where a file has that whole name.

    A step of a track is there where its track is.
    """
    label, sign, rest = text.partition("=")
    if sign and label and not Path(text).exists() and not step_exists(text):
        return unicode_text(label), rest
    return None, text
