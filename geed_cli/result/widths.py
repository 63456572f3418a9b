"""How wide the intervals of a result are, against what a growing run was asked for."""

import fnmatch

from geed_cli.result.schema import Result


def narrow_enough(result: Result) -> bool:
    """Whether every watched interval of the result is at most as wide as asked for."""
    looks = result.settings.looks
    assert looks is not None, "only results of a growing run are asked"
    watched = [e for e in result.results if fnmatch.fnmatchcase(e.metric, looks.metric)]
    defined = [entry for entry in watched if entry.status == "ok"]
    return all(entry.ci is not None and entry.ci[1] - entry.ci[0] <= looks.width for entry in defined)
