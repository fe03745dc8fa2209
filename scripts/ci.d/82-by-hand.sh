#!/usr/bin/env bash
# Two things that people fall into, by hand in a sandbox, where libxl has no way out: a device that
# is unplugged while a guest has it, and a driver that refuses a device on its way back.
#
# It shows: other devices are attached and taken back beside the unplugged one, its detach works, and
# plugged in again it is the host's; a refused bind is told with interface and reason each of three
# times, and the fourth, which is not refused, brings the device home. At the end the world is the one
# of the start, byte for byte.
# Usage: scripts/ci.d/82-by-hand.sh
# Environment: PVUSB the program (default .build-release/release/pvusb); CI_SCRATCH an empty
# directory.
# Exit codes: 0 all of that held; 1 something did not.
set -euo pipefail

cd "$(dirname "$0")/../.."
pvusb=${PVUSB:-$PWD/.build-release/release/pvusb}
scratch=${CI_SCRATCH:-$(mktemp -d)}
[[ -n ${CI_SCRATCH-} ]] || trap 'rm -rf "$scratch"' EXIT
export PVUSB_SANDBOX=$scratch/w.json

fail() {
    echo "${0##*/}: $1" >&2
    exit 1
}

# expect CODE OUTPUT WORD…: a command ends with this exit code and says this, errors included.
expect() {
    local code=0 wanted_code=$1 wanted=$2 said
    shift 2
    said=$("$pvusb" "$@" 2>&1) || code=$?
    printf '$ pvusb %s\n%s\n' "$*" "$said"
    [[ $code == "$wanted_code" ]] || fail "exit code $code, not $wanted_code"
    [[ $said == "$wanted" ]] || fail "it should have said: $wanted"
}

# shows DEVICE STATE: what `devices` says of it.
shows() {
    local line
    line=$("$pvusb" devices | grep "^$1 ")
    echo "$line"
    [[ $line == *"  $2 "* ]] || fail "$1 is not shown as $2"
}

# edit PYTHON: changes the world as whoever shares it does, under its lock.
edit() {
    echo "# $1"
    flock "$PVUSB_SANDBOX.lock" python3 - "$PVUSB_SANDBOX" "$2" <<'PYTHON'
import json, os, sys
name, change = sys.argv[1:]
world = json.load(open(name))
devices = world["usb"]["devices"]
stick = next((d for d in devices if d["busId"] == "1-3.2"), None)
exec(change)
text = json.dumps(world, indent=2, sort_keys=True, separators=(",", " : "))
open(name + ".new", "w").write(text + "\n")
os.replace(name + ".new", name)
PYTHON
}

unplugged() {
    expect 0 "1-3.2 in pv1 at 0:1" attach pv1 1-3.2
    cp "$PVUSB_SANDBOX" "$scratch/plugged.json"
    edit "the stick is pulled" 'devices.remove(stick)'
    shows 1-3.2 assigned-absent
    expect 0 "1-4 in pv1 at 0:2" attach pv1 1-4
    expect 0 "1-1 in pv1 at 0:3" attach pv1 1-1
    expect 0 "1-4 with its host drivers" detach 1-4
    expect 0 "1-3.2 gone, and forgotten" detach 1-3.2
    expect 0 "1-1 with its host drivers" detach 1-1
    edit "the stick is plugged in again" "
old = json.load(open('$scratch/plugged.json'))['usb']['devices']
stick = next(d for d in old if d['busId'] == '1-3.2')
for interface in stick['interfaces']: interface['driver'] = 'usb-storage'
devices.append(stick)
devices.sort(key=lambda d: (d['busId'][:3] != 'usb', d['busId']))"
    shows 1-3.2 host
}

refused() {
    local refusal="pvusb: 1-3.2:1.0 could not be bound to usb-storage; 1-3.2 is detaching now (ENODEV)
  try: pvusb recover 1-3.2"
    expect 0 "1-3.2 in pv1 at 0:1" attach pv1 1-3.2
    edit "usb-storage will not have the stick" 'stick["interfaces"][0]["matches"] = []'
    expect 1 "$refusal" detach 1-3.2
    shows 1-3.2 detaching
    expect 1 "$refusal" recover
    expect 1 "$refusal" recover 1-3.2
    shows 1-3.2 detaching
    edit "usb-storage will have it" 'stick["interfaces"][0]["matches"] = ["usb-storage"]'
    expect 0 "1-3.2 with its host drivers" recover
    shows 1-3.2 host
    expect 0 "nothing to do" recover
}

"$pvusb" sandbox new "$PVUSB_SANDBOX" --quiet
expect 0 "controller 0 in pv1" controller add pv1
expect 0 "1-3.2 in pv1 at 0:1" attach pv1 1-3.2
expect 0 "1-3.2 with its host drivers" detach 1-3.2
cp "$PVUSB_SANDBOX" "$scratch/before.json"
unplugged
# The order in the file is the program's own again.
expect 0 "1-3.2 in pv1 at 0:1" attach pv1 1-3.2
expect 0 "1-3.2 with its host drivers" detach 1-3.2
cmp "$PVUSB_SANDBOX" "$scratch/before.json" || fail "the unplugged device left a trace"
refused
cmp "$PVUSB_SANDBOX" "$scratch/before.json" || fail "the refused device left a trace"
