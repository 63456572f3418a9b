"""YAML for untrusted documents: one plain document, with limits, and every refusal as one ``InputError``.

Refused, with file and line: anchors, aliases, merge keys, duplicate keys, keys that are not text, tags beyond
the core ones, a second document, more than 1 MB, deeper than 30, more than 20,000 values.
"""

from pathlib import Path as FilePath

import yaml

from geed_cli.documents.document import Document
from geed_cli.documents.yaml_builder import DocumentBuilder, refusal
from geed_cli.errors import InputError

MAX_BYTES = 1_000_000


def read_yaml(path: FilePath) -> Document:
    """Read one YAML file.

    Args:
        path: a UTF-8 file of at most ``MAX_BYTES`` bytes.

    Returns:
        the document, named by its path.

    Raises:
        InputError: the file cannot be read, is too large, is not UTF-8, or is refused by ``parse_yaml``.
    """
    if path.exists() and not path.is_file():  # a named pipe would block for ever
        raise InputError(
            f"{path} is no regular file",
            expected="a YAML file",
            remedy="check that this is the file you meant",
        )
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise _too_large(str(path))
        return parse_yaml(raw.decode("utf-8-sig"), str(path))
    except OSError as error:
        raise InputError(
            f"cannot read {path}: {error.strerror}",
            expected="a readable YAML file",
            remedy="check the path and its permissions",
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} is not UTF-8 text (byte {error.start})",
            expected="a YAML file in UTF-8",
            remedy="check that this is the file you meant, or save it as UTF-8",
        ) from error


def parse_yaml(text: str, name: str) -> Document:
    """Parse YAML text into plain values with line numbers.

    Args:
        text: the YAML text.
        name: what messages call it.

    Returns:
        the document; empty text gives None as its data.

    Raises:
        InputError: a syntax error or any refusal of this module, with ``name:line``.
    """
    if len(text) > MAX_BYTES:
        raise _too_large(name)
    builder = DocumentBuilder(name)
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise refusal(name, line, f"not YAML: {error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise refusal(name, 1, f"not YAML: {str(error).splitlines()[0]}") from error
    return Document(name, builder.root, builder.lines)


def _too_large(name: str) -> InputError:
    return InputError(
        f"{name} is larger than {MAX_BYTES:,} bytes",
        expected="a document written by hand, far below that",
        remedy="check that this is the file you meant",
    )
