#!/usr/bin/env bash
# Devices go to a guest and come back on a real C xenstored and a real oxenstored, each of its own:
# `pvusb simulate` plays the kernel and the guests, commands with --usb do the work.
#
# It shows: after the cycle `xenstore-ls -fp` says what it said before, byte for byte, and so does
# the world file; the player ends with ^C and goes on where it was; it hears of a changed world.
# Usage: scripts/ci.d/50-real-cycle.sh
# Environment: PVUSB the program (default .build/debug/pvusb); CI_SCRATCH an empty directory.
# Exit codes: 0 all is as it should be; 1 something is not.
set -euo pipefail

cd "$(dirname "$0")/../.."
pvusb=${PVUSB:-$PWD/.build/debug/pvusb}
scratch=${CI_SCRATCH:-$(mktemp -d)}
made_scratch=${CI_SCRATCH:+no}
world=$scratch/w.json
player='' ears='' server=''
unset PVUSB_SANDBOX

fail() {
    echo "${0##*/}: $1" >&2
    exit 1
}

finish() {
    [[ -z $player ]] || kill -KILL "$player" 2>/dev/null || true
    [[ -z $server ]] || scripts/real-xenstored stop "$server" || true
    [[ $made_scratch == no ]] || rm -rf "$scratch"
}
trap finish EXIT

# Starts the player, and returns when the guests are there.
start_player() {
    local said
    exec {ears}< <(exec "$pvusb" simulate "$world" 2>&1)
    player=$!
    read -r -u "$ears" said || fail "the player ended without a word"
    [[ $said == "$world: domains 1, 2, 3 are played until interrupted" ]] || fail "simulate: $said"
}

# ^C is the player's normal end.
end_player() {
    local code=0
    kill -INT "$player"
    wait "$player" || code=$?
    player=''
    [[ $code == 0 ]] || fail "an interrupted player ended with exit code $code"
    [[ -z $(cat <&"$ears") ]] || fail "the player said more"
    exec {ears}<&-
}

# run WORD…: pvusb on the world's USB devices and the real store.
run() { "$pvusb" --usb "$world" "$@"; }

# expect OUTPUT WORD…: a command has to succeed and say this.
expect() {
    local wanted=$1 said
    shift
    said=$(run "$@") || fail "'$*' failed: $said"
    [[ $said == "$wanted" ]] || fail "'$*' said '$said'"
}

state() {
    run devices --json | python3 -c '
import json, sys
devices = json.load(sys.stdin)["devices"]
print(next(d["state"] for d in devices if d["busId"] == sys.argv[1]))' "$1"
}

# Whoever edits a world replaces it as a whole, under its lock.
set_frontend_of_pv1() {
    flock "$world.lock" sh -c 'sed "0,/hasFrontend/s/\(hasFrontend. : \).*/\1$2/" "$1" >"$1.new" &&
        mv "$1.new" "$1"' sh "$world" "$1"
}

listing() { scripts/real-xenstored ls "$server"; }

expect_nodes() {
    local line
    listing >"$scratch/now"
    while read -r line; do
        grep -Fxq -- "$line" "$scratch/now" || fail "there is no node $line"
    done
}

assigned() {
    [[ $(state 1-4) == assigned && $(state 1-3.2) == assigned ]] || fail "not both are assigned"
    expect_nodes <<'END'
/local/domain/0/backend/vusb/1/0/port/1 = "1-4"   (n0,r1)
/local/domain/0/backend/vusb/1/0/port/2 = "1-3.2"   (n0,r1)
/local/domain/1/device/vusb/0/state = "4"   (n1,r0)
/libxl/usbback/1-4/1-4@1_1/driver_path = "/sys/bus/usb/drivers/snd-usb-audio"   (n0)
/libxl/usbback/1-3_2/1-3_2@1_0/driver_path = "/sys/bus/usb/drivers/usb-storage"   (n0)
/libxl/pvusb/device/1-4/port = "/local/domain/0/backend/vusb/1/0/port/1"   (n0)
END
}

# A guest whose driver is not loaded, and is while an attach waits for it.
attach_to_a_slow_guest() {
    local attach code=0
    set_frontend_of_pv1 false
    expect "controller 0 in pv1" controller add pv1
    run --timeout 60 attach pv1 1-4 >"$scratch/attach" 2>&1 &
    attach=$!
    set_frontend_of_pv1 true
    wait "$attach" || code=$?
    [[ $code == 0 ]] || fail "attach to a slow guest: $(cat "$scratch/attach")"
}

# cycle KIND: there and back on a server of its own.
cycle() {
    server=$scratch/$1
    scripts/real-xenstored start "$1" "$server" >/dev/null
    export XENSTORED_PATH=$server/socket
    "$pvusb" sandbox new "$world" --quiet
    cp "$world" "$scratch/world-before"
    [[ $("$pvusb" simulate "$world" --dry-run | tr -s ' ') == "write $XENSTORED_PATH guests" ]] \
        || fail "the dry run of simulate says something else"
    [[ $(listing) != *pv1* ]] || fail "the dry run of simulate did something"
    start_player
    listing >"$scratch/before"
    attach_to_a_slow_guest
    expect "1-3.2 in pv1 at 0:2" attach pv1 1-3.2
    assigned
    end_player
    start_player
    assigned
    expect "1-4 with its host drivers" detach 1-4
    [[ $(state 1-4) == host ]] || fail "1-4 is not the host's after its detach"
    expect "no controller 0 in pv1" controller remove pv1 0
    [[ $(state 1-3.2) == host ]] || fail "1-3.2 is not the host's after its controller's end"
    listing >"$scratch/after"
    cmp "$scratch/before" "$scratch/after" || fail "the store is not what it was"
    end_player
    cmp "$scratch/world-before" "$world" || fail "the world is not what it was"
    scripts/real-xenstored stop "$server"
    server=''
    rm -rf "$world" "$world".*
    echo "$1: there and back, $(wc -l <"$scratch/before") nodes as before, each byte"
}

scripts/real-xenstored fetch >/dev/null
cycle c
cycle oxenstored
