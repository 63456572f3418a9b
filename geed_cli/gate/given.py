"""A policy as users hand it over: the file, what such a file says, or the policy itself."""

import json
from collections.abc import Mapping
from pathlib import Path

from geed_cli.documents.document import Document
from geed_cli.documents.validation import validate
from geed_cli.errors import InputError
from geed_cli.gate.policy import Policy, policy_of, read_policy
from geed_cli.gate.policy_file import PolicyFile

PolicyLike = Policy | Mapping[str, object] | str | Path
"""A policy, what its file says, or the file."""


def policy_from(policy: PolicyLike) -> Policy:
    """The policy itself.

    Raises:
        InputError: what a policy's file may not say, or what is no policy.
    """
    if isinstance(policy, Policy):
        return policy
    if isinstance(policy, str | Path):
        return read_policy(Path(policy))
    try:
        content = json.loads(json.dumps(policy, allow_nan=False)) if isinstance(policy, Mapping) else policy
    except (TypeError, ValueError) as error:
        raise _no_policy(f"a policy with what no file of one can say: {error}") from error
    if not isinstance(content, dict):
        raise _no_policy(f"an object of type {type(policy).__name__} in the place of a policy")
    return policy_of(validate(Document("policy", content, {}), PolicyFile))


def _no_policy(found: str) -> InputError:
    return InputError(
        found,
        expected="the path of a policy file, or what it says as a mapping",
        remedy='{"version": 2, "rules": [{"metric": "prediction.*", "group": "flip", "max": 0.2}]}',
    )
