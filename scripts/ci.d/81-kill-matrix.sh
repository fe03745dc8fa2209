#!/usr/bin/env bash
# A sample of scripts/kill-matrix: attach, detach, recover, controller add and controller remove die
# before every third of their effects, on a sandbox file, a real C xenstored and a real oxenstored.
#
# The whole, every system call of them, is run by scripts/full.
# Usage: scripts/ci.d/81-kill-matrix.sh
# Environment: PVUSB the program (default .build-release/release/pvusb); CI_SCRATCH an empty
# directory; PVUSB_OFFSET which third: 0 (the default), 1 or 2.
# Exit codes: 0 all that was left could be finished or undone; 1 something could not.
set -euo pipefail

cd "$(dirname "$0")/../.."
export PVUSB=${PVUSB:-$PWD/.build-release/release/pvusb}
export TMPDIR=${CI_SCRATCH:-${TMPDIR:-/tmp}}
scripts/kill-matrix --effects --every 3 --offset "${PVUSB_OFFSET:-0}"
