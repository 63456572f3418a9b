"""``--margin``: within how much of the reference each measure is asked to be."""

from collections.abc import Sequence
from dataclasses import dataclass

from geed_cli.errors import InputError
from geed_cli.globs import listed
from geed_cli.measures.catalogue import BY_NAME, select_measures
from geed_cli.statistics.equivalence import Margin, parse_margin


@dataclass(frozen=True)
class Margins:
    """The margins as typed: pairs of a measure's name or glob, and its margin; the last that fits a measure is its own.

    A percentage without a name fits every measure that none of the others names.
    """

    named: tuple[tuple[str, Margin], ...] = ()
    overall: Margin | None = None

    def of(self, metric: str) -> Margin | None:
        """The margin of a measure; None where none was asked for."""
        fitting = [margin for pattern, margin in self.named if listed(metric, [pattern])]
        return fitting[-1] if fitting else self.overall

    @property
    def texts(self) -> tuple[str, ...]:
        """As they are typed."""
        overall = () if self.overall is None else (str(self.overall),)
        return (*overall, *(f"{pattern}={margin}" for pattern, margin in self.named))


def margins_of(texts: Sequence[str]) -> Margins:
    """The margins of ``5%``, ``softmax.kl=0.01`` and ``'channelwise.*=2%'``.

    Raises:
        InputError: neither an amount nor a percentage, an amount without its measure, or an unknown measure.
    """
    overall, named = None, []
    for text in texts:
        pattern, sign, amount = text.rpartition("=")
        margin = _margin(text, amount.strip())
        if sign:
            select_measures([pattern.strip()])
            named.append((pattern.strip(), margin))
        elif not margin.relative:
            raise InputError(
                f"--margin {text} is in the unit of no measure",
                expected="a percentage for all measures, or an amount of one",
                remedy=f"--margin 5%, or --margin {next(iter(BY_NAME))}={text}",
            )
        elif overall is not None:
            raise InputError(
                f"--margin {overall} and {margin}",
                expected="one percentage for all measures that have none of their own",
                remedy=f"--margin {overall} --margin {next(iter(BY_NAME))}={margin}",
            )
        else:
            overall = margin
    return Margins(tuple(named), overall)


def _margin(text: str, amount: str) -> Margin:
    try:
        margin = parse_margin(float(amount))
    except ValueError:
        margin = parse_margin(amount)
    if margin is None or not margin.amount > 0:
        raise InputError(
            f"--margin {text!r}",
            expected="a percentage above 0%, or NAME=AMOUNT with an amount above 0",
            remedy="--margin 5%, or --margin softmax.kl=0.01",
        )
    return margin
