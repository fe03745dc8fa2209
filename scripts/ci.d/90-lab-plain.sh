#!/usr/bin/env bash
# A real kernel, in QEMU: it does what the simulated host does, pvusb tells of its devices what sysfs
# shows, and devices go to a guest of kind pv and come back, also after kill -9.
#
# Usage: scripts/ci.d/90-lab-plain.sh
# The console is kept in .build/ci-logs/lab-plain.
# Environment: PVUSB_REQUIRE  with lab in it the check runs; else it is skipped.
# Exit codes: 0 all is as it should be, or the lab was not asked for; 1 something is not, or the lab
#             cannot be had here.
set -euo pipefail

cd "$(dirname "$0")/../.."
source scripts/lib/lab-check.sh
fetch_lab plain
source scripts/lib/static-program.sh
mkdir -p .build/ci-logs
scenarios=lab/scenarios/plain
lab/run plain -p "$program" -o .build/ci-logs/lab-plain -t 900 -a lab.kills=9 "$scenarios"/devices.sh \
    "$scenarios"/kernel-rules.sh "$scenarios"/pv-on-real-sysfs.sh
