#!/usr/bin/env bash
# Everything that needs a GPU, in one go and under eight minutes: the tests marked gpu, the self-test there, the speed table.
# Nothing is downloaded. The report goes to the file named first; "cpu" as the second argument is a dry run in tiny amounts.
#
#     benchmarks/gpu.sh gpu-report.md
#     benchmarks/gpu.sh dry-run.md cpu
set -uo pipefail
cd "$(dirname "$0")/.."
report=${1:-gpu-report.md} device=${2:-cuda}
export PYTHONPATH="$PWD${PYTHONPATH:+:$PYTHONPATH}" HF_HUB_OFFLINE=1 PYTHONUNBUFFERED=1
failed=0

section() { # title, command...: runs it, with its output and whether it failed in the report
    printf '\n## %s\n\n`%s`\n\n```\n' "$1" "${*:2}" >>"$report"
    "${@:2}" 2>&1 | tail -n "${lines:-40}" | tee -a "$report"
    local status=${PIPESTATUS[0]}
    printf '```\n\nexit code %s after %s s\n' "$status" "$SECONDS" >>"$report"
    [ "$status" -eq 0 ] || failed=1
}

printf '# geed on %s\n' "$device" >"$report"
gpu=$([ "$device" = cpu ] || echo --run-gpu)
section "Tests marked gpu" python3 -m pytest -q -n 0 -p no:cacheprovider -o filterwarnings=default -m gpu $gpu $(grep -rl 'mark.gpu' tests)
section "Self-test" python3 -m geed_cli selftest --device "$device"
quick=$([ "$device" = cpu ] && echo --quick)
lines=60 section "Speed" python3 -m benchmarks.gpu --device "$device" $quick
exit "$failed"
