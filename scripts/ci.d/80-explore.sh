#!/usr/bin/env bash
# Explores every order of effects, deaths and doings of others, as far as it goes in two minutes, and
# holds each state against the laws; the table of what happened goes to the log. Two processes that
# explore the same small part have to come to the same counts and the same digest.
#
# Usage: scripts/ci.d/80-explore.sh
# Environment: PVUSB_EXPLORE  the program (default: it is built, optimised, in .build-release)
# Exit codes: 0 every law holds; 1 one does not, fewer than a million pairs were explored, a cell of
# the table is empty without a reason, or two processes differ.
set -euo pipefail

cd "$(dirname "$0")/../.."
if [[ -z ${PVUSB_EXPLORE-} ]]; then
    # The flags are the released program's, so that nothing is built twice.
    swift build -c release --product explore --scratch-path .build-release -Xswiftc -static-executable
    PVUSB_EXPLORE=.build-release/release/explore
fi
pairs_min=1000000

out=$("$PVUSB_EXPLORE" --bounded --table) || {
    printf '%s\n' "$out"
    exit 1
}
printf '%s\n' "$out"
"$PVUSB_EXPLORE" --libxl
pairs=$(sed -n 's/^\([0-9]*\) pairs of a state and an event.*/\1/p' <<<"$out")
[[ ${pairs:-0} -ge $pairs_min ]] || {
    echo "only ${pairs:-0} pairs were explored, $pairs_min are wanted" >&2
    exit 1
}

# summary: what exploring the small part says, without the time it took.
summary() {
    "$PVUSB_EXPLORE" --quick | sed 's/ in [0-9.]* s$//'
}
first=$(summary)
second=$(summary)
printf 'twice: %s\n' "$first"
[[ $first == *digest* && $first == "$second" ]] || {
    echo "another process says: $second" >&2
    exit 1
}
