#!/usr/bin/env bash
# What pvusb tells of a real kernel's devices is what the shell reads in sysfs: the list, a snapshot,
# and the changes that `pvusb watch` reports when a device is pulled and plugged in.
#
# Usage: lab/run plain lab/scenarios/plain/devices.sh
# It leaves the snapshot as lab-world.json, the devices that the simulated host is tested with.
# Exit codes: 0 all is equal; 1 it is not.
set -euo pipefail
source /pvusb/lab/guest/lab.sh

# The devices as scripts/expect-devices prints them, from pvusb's JSON.
told() {
    pvusb devices --json | jq -r '
        def text: if . == null then "-" else tostring end;
        def joined: if length == 0 then "-" else map(text) | join(",") end;
        .devices[] | [.busId, "\(.bus).\(.device)", "\(.vendorId):\(.productId)", (.speed | text),
            ([.interfaces[].class] | joined), ([.interfaces[].driver] | joined),
            (.manufacturer | text), (.product | text), (.serial | text)] | @tsv'
}

list_equals_sysfs() {
    /pvusb/scripts/expect-devices /sys >"$OUT/expected"
    told >"$OUT/told"
    diff "$OUT/expected" "$OUT/told" || fail "pvusb devices is not what sysfs shows"
    say "$(wc -l <"$OUT/told") devices are told as sysfs shows them"
}

# What a world's behaviour comes from; numbers and the kernel's version differ from boot to boot.
behaviour() {
    jq -S '.usb.drivers as $drivers | [.usb.devices[] | {busId, descriptors, interfaces: [.interfaces[]
        | {id, driver, matches, siblings, siblingTie}]}] | {devices: ., drivers: $drivers}' "$1"
}

snapshot_is_the_fixture() {
    pvusb snapshot >"$OUT/lab-world.json"
    behaviour "$OUT/lab-world.json" >"$OUT/behaviour"
    behaviour "/pvusb/lab-world.json" >"$OUT/behaviour-expected"
    diff "$OUT/behaviour-expected" "$OUT/behaviour" \
        || fail "Tests/Fixtures/lab-world.json is not this kernel's; a new one is in lab-world.json"
    say "the snapshot is the world of the tests"
}

seen() { grep -q "$1" "$OUT/watched"; }

watch_sees_a_plug() {
    local watcher
    pvusb watch --json >>"$OUT/watched" 2>&1 &
    watcher=$!
    wait_for "the watch to begin" seen watching
    unplug keyboard
    wait_for "the watch to see 1-4 go" seen '"1-4"'
    echo >"$OUT/watched"
    plug usb-kbd,keyboard,4,serial=LAB-KEYBOARD
    wait_for "the watch to see 1-4 come" seen '"1-4"'
    kill -INT "$watcher"
    wait "$watcher" || true
    say "the watch saw a keyboard go and come"
}

load_usb
make_gadgets
start_xenstored
list_equals_sysfs
snapshot_is_the_fixture
watch_sees_a_plug
list_equals_sysfs
