"""Libraries that geed does not require: imported when something asks for them, and named with what installs them."""

import importlib
from typing import Any

from geed_cli.errors import InputError


def require_extra(library: str, package: str, extra: str, what: str) -> Any:  # noqa: ANN401 - a module
    """An optional library.

    Args:
        library: its import name.
        package: its name on PyPI.
        extra: of geed's own, which installs it.
        what: what needs it, for the message.

    Raises:
        InputError: it is not installed.
    """
    try:
        return importlib.import_module(library)
    except ImportError as error:
        raise InputError(
            f"{what} needs the package {package}, which cannot be imported here: {error}",
            expected=f"the package {package} (geed's extra {extra})",
            remedy=f"python -m pip install {package}",
        ) from error
