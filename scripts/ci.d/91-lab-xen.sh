#!/usr/bin/env bash
# A real Xen, in QEMU: domain 0 with Debian's tools, and a guest whose own driver connects to
# controllers of the kinds pv and qusb that pvusb made; devices are captured and come back, the guest
# reads a stick, and xl lists the same.
#
# Usage: scripts/ci.d/91-lab-xen.sh
# The console is kept in .build/ci-logs/lab-xen.
# Environment: PVUSB_REQUIRE  with lab in it the check runs; else it is skipped.
# Exit codes: 0 all is as it should be, or the lab was not asked for; 1 something is not, or the lab
#             cannot be had here.
set -euo pipefail

cd "$(dirname "$0")/../.."
source scripts/lib/lab-check.sh
fetch_lab xen
source scripts/lib/static-program.sh
mkdir -p .build/ci-logs
scenarios=lab/scenarios/xen
lab/run xen -p "$program" -o .build/ci-logs/lab-xen -t 900 "$scenarios"/kind-pv.sh "$scenarios"/qusb.sh
