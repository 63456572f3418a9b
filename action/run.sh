#!/usr/bin/env bash
# The GitHub action: audits, writes the result and its page, and ends with the gate's exit code. All that it is given
# comes in environment variables, whose text is passed on as words and never evaluated.
set -euo pipefail

audit=()
[ -z "${GEED_DATA:-}" ] || audit+=(--data "$GEED_DATA")
read -r -d '' -a groups <<<"${GEED_GROUP:-flip}" || true # blanks and lines part them; there is no end to be found
for group in "${groups[@]}"; do audit+=(--group "$group"); done
while IFS= read -r word || [ -n "$word" ]; do # one word a line, so that blanks and quotes stand for themselves
    word=${word%$'\r'}
    [ -z "$word" ] || audit+=("$word")
done <<<"${GEED_ARGS:-}"

model=()
[ -z "${GEED_MODEL:-}" ] || model=(-- "$GEED_MODEL") # behind --, so that no model is an option

if [ -z "${GEED_POLICY:-}" ]; then
    if [ -n "${GEED_BASELINE:-}" ]; then
        echo "geed action: a baseline without a policy; give the input policy, such as geed-policy.yaml" >&2
        exit 2
    fi
    page=geed-result.txt
    code=0
    geed audit --json geed-result.json -o geed-report.html "${audit[@]}" "${model[@]}" | tee "$page" || code=$?
    if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then # a gate writes its own
        printf '```text\n%s\n```\n' "$(sed 's/```/` ` `/g' "$page")" >>"$GITHUB_STEP_SUMMARY"
    fi
    exit "$code"
fi

geed audit --json geed-result.json "${audit[@]}" "${model[@]}"
gate=(--policy "$GEED_POLICY" --output-format github -o geed-report.html)
[ -z "${GEED_BASELINE:-}" ] || gate+=(--baseline "$GEED_BASELINE")
exec geed check geed-result.json "${gate[@]}"
