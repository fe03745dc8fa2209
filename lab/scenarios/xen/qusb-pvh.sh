#!/usr/bin/env bash
# What qusb.sh shows, with a PVH guest.
#
# Usage: lab/run xen lab/scenarios/xen/qusb-pvh.sh
# Exit codes: 0 all is as it should be; 1 something is not.
set -euo pipefail
guest_type=pvh
source /pvusb/lab/scenarios/xen/qusb.sh
