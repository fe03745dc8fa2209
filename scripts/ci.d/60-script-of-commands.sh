#!/usr/bin/env bash
# A session of some fifty commands on a real C xenstored and a real oxenstored, word for word.
#
# `pvusb simulate` plays the kernel and the guests. What each command says, its exit code, and the
# whole store at four points, as `xenstore-ls -fp` has it, are in scripts/lib/golden; after the last
# command the world is the one of the start.
# Usage: scripts/ci.d/60-script-of-commands.sh [--write]
#        --write makes the golden files anew, on C xenstored: read the difference before a commit.
# Environment: PVUSB the program (default .build/debug/pvusb); CI_SCRATCH an empty directory.
# Exit codes: 0 all is as it should be; 1 something is not.
set -euo pipefail

cd "$(dirname "$0")/../.."
export PVUSB=${PVUSB:-$PWD/.build/debug/pvusb} PYTHONDONTWRITEBYTECODE=1
scratch=${CI_SCRATCH:-$(mktemp -d)}
[[ -n ${CI_SCRATCH-} ]] || trap 'rm -rf "$scratch"' EXIT

scripts/real-xenstored fetch >/dev/null
session=scripts/lib/script_of_commands.py
printf '%-11s%9s%8s%9s   %s\n' SERVER COMMANDS STORES TIME 'EXIT CODES SEEN'
if (($#)); then
    python3 "$session" c "$scratch/written" "$@"
fi
python3 "$session" oxenstored "$scratch/oxenstored" >"$scratch/later" 2>&1 &
later=$!
code=0
python3 "$session" c "$scratch/c" || code=1
wait "$later" || code=1
cat "$scratch/later"
exit "$code"
