#!/usr/bin/env bash
# Commands at the same moment, and another tool beside them, on a real C xenstored and a real
# oxenstored: one winner a device, an end that some order explains, nothing left behind.
#
# One device asked for by two guests, with one lock directory and with one each, so that the store
# alone decides; eight devices at once; attach beside detach, controller remove and the domain's
# destruction; another tool that writes port nodes at every moment of an attach.
# Usage: scripts/ci.d/61-races.sh
# Environment: PVUSB the program (default .build/debug/pvusb); CI_SCRATCH an empty directory;
# PVUSB_ROUNDS how often one device is raced for (default 20; the other races less often).
# Exit codes: 0 all is as it should be; 1 something is not.
set -euo pipefail

cd "$(dirname "$0")/../.."
export PVUSB=${PVUSB:-$PWD/.build/debug/pvusb} PYTHONDONTWRITEBYTECODE=1
scratch=${CI_SCRATCH:-$(mktemp -d)}
[[ -n ${CI_SCRATCH-} ]] || trap 'rm -rf "$scratch"' EXIT

scripts/real-xenstored fetch >/dev/null
tar --force-local -xzf Tests/Fixtures/host-sysfs.tar.gz -C "$scratch"
printf '%-11s%-49s%6s%9s   %s\n' SERVER RACE ROUNDS TIME 'EXIT CODES AND HOW OFTEN'
python3 scripts/lib/races.py oxenstored "$scratch/oxenstored" >"$scratch/later" 2>&1 &
later=$!
code=0
python3 scripts/lib/races.py c "$scratch/c" || code=1
wait "$later" || code=1
cat "$scratch/later"
exit "$code"
