#!/usr/bin/env bash
# The GitHub action: audits, writes the result and its page, and ends with the gate's exit code. All that it is given
# comes in environment variables, whose text is passed on as words and never evaluated.
set -euo pipefail

audit=()
[ -z "${GEED_MODEL:-}" ] || audit+=("$GEED_MODEL")
[ -z "${GEED_DATA:-}" ] || audit+=(--data "$GEED_DATA")
read -r -a groups <<<"${GEED_GROUP:-flip}"
for group in "${groups[@]}"; do audit+=(--group "$group"); done
while IFS= read -r word || [ -n "$word" ]; do # one word a line, so that blanks and quotes stand for themselves
    word=${word%$'\r'}
    [ -z "$word" ] || audit+=("$word")
done <<<"${GEED_ARGS:-}"

if [ -z "${GEED_POLICY:-}" ]; then
    if [ -n "${GEED_BASELINE:-}" ]; then
        echo "geed action: a baseline without a policy; give the input policy, such as geed-policy.yaml" >&2
        exit 2
    fi
    exec geed audit "${audit[@]}" --json geed-result.json -o geed-report.html
fi

geed audit "${audit[@]}" --json geed-result.json
gate=(--policy "$GEED_POLICY" --output-format github -o geed-report.html)
[ -z "${GEED_BASELINE:-}" ] || gate+=(--baseline "$GEED_BASELINE")
exec geed check geed-result.json "${gate[@]}"
