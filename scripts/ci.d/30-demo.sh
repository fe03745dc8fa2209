#!/usr/bin/env bash
# Runs the guided minute and looks for what it has to show, in this order; it leaves nothing
# behind in /tmp.
#
# Usage: scripts/ci.d/30-demo.sh
# Environment: PVUSB the program (default .build/debug/pvusb); CI_SCRATCH an empty directory.
# Exit codes: 0 the story was told whole; 1 the demonstration failed, or a landmark is missing.
set -euo pipefail

cd "$(dirname "$0")/../.."
pvusb=${PVUSB:-$PWD/.build/debug/pvusb}
scratch=${CI_SCRATCH:-$(mktemp -d)}
[[ -n ${CI_SCRATCH-} ]] || trap 'rm -rf "$scratch"' EXIT
output=$scratch/output

landmarks=(
    '^\$ pvusb sandbox new /tmp/pvusb-demo-.*/host\.json$'
    '^\$ pvusb devices$'
    '^1-3\.2 .* host +usb-storage$'
    '^\$ pvusb controller add pv1$'
    '^controller 0 in pv1$'
    '^\$ pvusb attach pv1 1-3\.2 --verbose$'
    '^claim +1-3\.2 +domain 1 port 0:1 +done$'
    '^unbind +1-3\.2:1\.0 +usb-storage +done$'
    '^bind +1-3\.2:1\.0 +usbback +done$'
    '^1-3\.2 in pv1 at 0:1$'
    '^\$ pvusb list pv1$'
    '^pv1 +0:1 +1-3\.2 '
    '^\$ pvusb detach 1-3\.2$'
    '^1-3\.2 with its host drivers$'
    '^\$ pvusb attach pv1 1-3\.2 & kill -9 \$!$'
    '^\$ pvusb devices$'
    '^1-3\.2 .* attaching +interrupted: pvusb recover 1-3\.2$'
    '^\$ pvusb recover --verbose$'
    '^bind +1-3\.2:1\.0 +usb-storage +done$'
    '^1-3\.2 with its host drivers$'
    '^\$ pvusb devices$'
    '^1-3\.2 .* host +usb-storage$'
    '^# The host is what it was before the kill: same drivers, same store\.$'
)

fail() {
    echo "${0##*/}: $1" >&2
    cat "$output" >&2
    exit 1
}

"$pvusb" demo >"$output" 2>"$scratch/errors" || fail "the demonstration failed with exit code $?"
from=1
for landmark in "${landmarks[@]}"; do
    found=$(tail -n "+$from" "$output" | grep -E -n -m 1 -e "$landmark" | cut -d : -f 1) \
        || fail "after line $((from - 1)) there is no line like $landmark"
    from=$((from + found))
done
directory=$(sed -n 's|^\$ pvusb sandbox new \(.*\)/host\.json$|\1|p' "$output")
[[ ! -e $directory ]] || fail "$directory was left behind"
echo "${#landmarks[@]} landmarks in order, nothing left behind"
