#!/usr/bin/env bash
# Gives every device of a captured host that a guest can have away at once, to three guests in
# turn, and takes all of them back; controllers of two ports appear as ports run out.
#
# The shell picks the devices from the tree: no hub, at most 480 Mbit/s, whatever the number of
# their interfaces and wherever they are plugged in. At the end the world differs from the start in
# nothing but empty controllers.
# Usage: scripts/ci.d/25-all-devices-to-three-guests.sh
# Environment: PVUSB the program (default .build/debug/pvusb); CI_SCRATCH an empty directory.
# Exit codes: 0 all of that held; 1 something did not.
set -euo pipefail

cd "$(dirname "$0")/../.."
pvusb=${PVUSB:-$PWD/.build/debug/pvusb}
scratch=${CI_SCRATCH:-$(mktemp -d)}
[[ -n ${CI_SCRATCH-} ]] || trap 'rm -rf "$scratch"' EXIT

fail() {
    echo "${0##*/}: $1" >&2
    exit 1
}

# Every device that a guest can have, from what the tree's files say.
assignable() {
    local bus_id classes speed rest
    while IFS=$'\t' read -r bus_id _ _ speed classes rest; do
        [[ $bus_id != usb* && ,$classes, != *,09,* && ${speed%.*} -le 480 ]] && echo "$bus_id"
    done < <(scripts/expect-devices "$scratch/sys")
    return 0
}

# state BUS_ID: what pvusb says of a device.
state() {
    "$pvusb" devices --json | python3 -c '
import json, sys
devices = json.load(sys.stdin)["devices"]
print(next(d["state"] for d in devices if d["busId"] == sys.argv[1]))' "$1"
}

# What a device's interfaces are bound to, in the world file itself.
drivers() {
    python3 - "$PVUSB_SANDBOX" <<'END'
import json, sys
for device in json.load(open(sys.argv[1]))["usb"]["devices"]:
    for interface in device["interfaces"]:
        print(interface["id"], interface.get("driver", "-"))
END
}

# without_empty_controllers FILE: the world, its controllers removed if they hold nothing.
without_empty_controllers() {
    python3 - "$1" <<'END'
import json, re, sys
world = json.load(open(sys.argv[1]))
tree = re.compile(r"^(/local/domain/\d+/device/vusb|/libxl/\d+/device/vusb|"
                  r"/local/domain/0/backend/vusb)(/|$)")
port = re.compile(r"^/local/domain/0/backend/vusb/\d+/\d+/port/\d+$")
for path, node in world["store"].items():
    if port.match(path) and node.get("value"):
        sys.exit(f"{path} holds {node['value']}")
world["store"] = {p: n for p, n in world["store"].items() if not tree.match(p)}
for qemu in world.get("qemus") or []:
    # A controller has its ports, a device has none.
    qemu["peripherals"] = [p for p in qemu["peripherals"] if "ports" not in p]
print(json.dumps(world, indent=2, sort_keys=True))
END
}

tar --force-local -xzf Tests/Fixtures/host-sysfs.tar.gz -C "$scratch"
export PVUSB_SANDBOX=$scratch/w.json
"$pvusb" sandbox new "$PVUSB_SANDBOX" --sysfs "$scratch/sys"
cp "$PVUSB_SANDBOX" "$scratch/before.json"
drivers >"$scratch/drivers-before"

guests=(pv1 pvh1 win10)
mapfile -t devices < <(assignable)
((${#devices[@]} > 6)) || fail "only ${#devices[@]} devices can be given away"
# A small controller each, so that their ports run out.
for guest in "${guests[@]}"; do "$pvusb" controller add "$guest" --kind pv --ports 2; done

for index in "${!devices[@]}"; do
    "$pvusb" attach "${guests[index % 3]}" "${devices[index]}"
done
for index in "${!devices[@]}"; do
    [[ $(state "${devices[index]}") == assigned ]] || fail "${devices[index]} is not assigned"
done
"$pvusb" list
for guest in "${guests[@]}"; do
    count=$("$pvusb" list "$guest" --json | python3 -c '
import json, sys
print(len(json.load(sys.stdin)["controllers"]))')
    [[ $count == 2 ]] || fail "$guest has $count controllers, not the first and one made as needed"
done

for device in "${devices[@]}"; do "$pvusb" detach "$device"; done
drivers >"$scratch/drivers-after"
diff "$scratch/drivers-before" "$scratch/drivers-after" || fail "drivers are not what they were"
without_empty_controllers "$scratch/before.json" >"$scratch/before"
without_empty_controllers "$PVUSB_SANDBOX" >"$scratch/after"
diff "$scratch/before" "$scratch/after" || fail "something is left behind"
[[ $("$pvusb" recover --dry-run --exit-code) == "nothing to do" ]] || fail "there is work left"

for guest in "${guests[@]}"; do
    "$pvusb" controller remove "$guest" 1
    "$pvusb" controller remove "$guest" 0
done
cmp "$scratch/before.json" "$PVUSB_SANDBOX" || fail "the world is not the one of the start"
echo "${#devices[@]} devices went to three guests at once and came back: ${devices[*]}"
