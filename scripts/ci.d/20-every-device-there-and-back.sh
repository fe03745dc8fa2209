#!/usr/bin/env bash
# Gives each device of a captured host that a guest can have to a guest and takes it back, one
# after the other; then the world is the same file again, byte for byte.
#
# The shell picks the devices from the tree: one interface, with a driver, no hub, at most 480
# Mbit/s. Usage: scripts/ci.d/20-every-device-there-and-back.sh
# Environment: PVUSB the program (default .build/debug/pvusb); CI_SCRATCH an empty directory.
# Exit codes: 0 each device came back and left no trace; 1 one did not.
set -euo pipefail

cd "$(dirname "$0")/../.."
pvusb=${PVUSB:-$PWD/.build/debug/pvusb}
scratch=${CI_SCRATCH:-$(mktemp -d)}
[[ -n ${CI_SCRATCH-} ]] || trap 'rm -rf "$scratch"' EXIT

fail() {
    echo "${0##*/}: $1" >&2
    exit 1
}

# The devices to cycle, from what the tree's files say.
movable() {
    local bus_id classes speed drivers rest
    while IFS=$'\t' read -r bus_id _ _ speed classes drivers rest; do
        [[ $bus_id != usb* && $classes != *,* && $classes != 09 && $drivers != - ]] || continue
        ((${speed%.*} <= 480)) || continue
        echo "$bus_id"
    done < <(scripts/expect-devices "$scratch/sys")
}

# What the world says of a device: its state.
state() {
    "$pvusb" devices --json | python3 -c '
import json, sys
devices = json.load(sys.stdin)["devices"]
print(next(d["state"] for d in devices if d["busId"] == sys.argv[1]))' "$1"
}

tar --force-local -xzf Tests/Fixtures/host-sysfs.tar.gz -C "$scratch"
export PVUSB_SANDBOX=$scratch/w.json
"$pvusb" sandbox new "$PVUSB_SANDBOX" --sysfs "$scratch/sys"
"$pvusb" controller add pv1
cp "$PVUSB_SANDBOX" "$scratch/before.json"

mapfile -t devices < <(movable)
((${#devices[@]} > 0)) || fail "the tree has no device that can be given away"
for device in "${devices[@]}"; do
    "$pvusb" attach pv1 "$device"
    [[ $(state "$device") == assigned ]] || fail "$device is not assigned after its attach"
    ! cmp -s "$PVUSB_SANDBOX" "$scratch/before.json" || fail "the attach of $device did nothing"
    "$pvusb" detach "$device"
    [[ $(state "$device") == host ]] || fail "$device is not the host's after its detach"
    cmp "$PVUSB_SANDBOX" "$scratch/before.json" || fail "$device left a trace"
done
echo "${#devices[@]} devices went to a guest and came back: ${devices[*]}"
