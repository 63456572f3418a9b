"""Ages and sizes as people write them on a command line: 30d, 12h, 2GB, 500 MiB."""

import re

from geed_cli.errors import InputError

_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_BYTES = {"": 1, "b": 1}
_BYTES |= {f"{sign}{end}": 1000**power for power, sign in enumerate("kmgt", 1) for end in ("", "b")}
_BYTES |= {f"{sign}ib": 1024**power for power, sign in enumerate("kmgt", 1)}
_UNITS = ("kB", "MB", "GB", "TB")
_AMOUNT = re.compile(r"(\d{1,15}(?:\.\d{1,9})?)\s*([a-z]*)", re.ASCII)


def seconds_in(text: str) -> float:
    """An age in seconds: a number with s, min, h, d or w.

    Raises:
        InputError: it is written otherwise.
    """
    amount = _split(text, _SECONDS)
    if amount is None:
        raise InputError(
            f"{text!r} is no age", expected="a number with s, min, h, d or w", remedy="--older-than 30d"
        )
    return amount


def bytes_in(text: str) -> int:
    """A size in bytes: a number with kB, MB, GB, TB (powers of 1000), KiB to TiB (of 1024), or nothing.

    Raises:
        InputError: it is written otherwise.
    """
    amount = _split(text, _BYTES)
    if amount is None:
        raise InputError(
            f"{text!r} is no size",
            expected="a number with kB, MB, GB, KiB, MiB or GiB",
            remedy="--max-size 2GB",
        )
    return int(amount)


def bytes_as_text(size: int) -> str:
    """A size as ``bytes_in`` reads it, to three digits: 512 B, 1.25 MB."""
    if size < 1000:
        return f"{size} B"
    power = 1
    while size >= 999.5 * 1000**power and power < len(_UNITS):  # else it would be rounded to 1000 of its unit
        power += 1
    value = size / 1000**power
    digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{value:.{digits}f} {_UNITS[power - 1]}"


def _split(text: str, units: dict[str, int]) -> float | None:
    matched = _AMOUNT.fullmatch(text.strip().lower())
    if matched is None or matched[2] not in units:
        return None
    return float(matched[1]) * units[matched[2]]
