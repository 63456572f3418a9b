"""The entries of a result that were measured: of all but those that are not applicable."""

from geed_cli.result.schema import Entry, Result


def measured(result: Result) -> list[Entry]:
    """In the order of the result, which is the same for the same network, groups and layers."""
    return [entry for entry in result.results if entry.status != "not_applicable"]
