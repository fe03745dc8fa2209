#!/usr/bin/env bash
# Controllers of kind pv on a real sysfs: devices go to a guest and come back, are pulled, and a
# command is killed at every one of its effects. After each, all interfaces have the drivers that
# they had, and the store is what it was.
#
# Usage: lab/run plain [-a "lab.kills=N"] lab/scenarios/plain/pv-on-real-sysfs.sh
# The guest, the store's server and the driver usbback are stand-ins; devices, drivers and sysfs are
# the kernel's. lab.kills=N kills at every Nth effect only.
# Exit codes: 0 all is as it should be; 1 something is not.
set -euo pipefail
source /pvusb/lab/guest/lab.sh

every=$(sed -n 's/.*lab\.kills=\([0-9]*\).*/\1/p' /proc/cmdline)
every=${every:-1}

state() { pvusb devices --json | jq -r --arg id "$1" '.devices[] | select(.busId == $id) | .state'; }

# captured DEVICE: usbback has all its interfaces.
captured() { ! links "$1" | grep -qv '=usbback$'; }

as_before() {
    local now
    now=$(links)
    [[ $now == "$home" ]] || fail "$1: not the drivers of before:" "$(diff <(echo "$home") <(echo "$now"))"
}

no_mistakes() { [[ ! -e $OUT/mistakes ]] || fail "$1: $(<"$OUT/mistakes")"; }

store_as_before() {
    # These directories stay for ever.
    store_nodes | grep -vE '^/(libxl/(usbback|pvusb|pvusb/device|pvusb/version)|local/domain/0(/backend)?) ' \
        >"$OUT/nodes"
    cmp -s "$OUT/nodes" "$OUT/nodes-before" || fail "$1: not the store of before:" \
        "$(diff "$OUT/nodes-before" "$OUT/nodes")"
}

there_and_back() {
    local device
    for device in "$@"; do pvusb attach pv1 "$device"; done
    for device in "$@"; do
        captured "$device" || fail "$device is attached, but $(links "$device")"
        [[ $(state "$device") == assigned ]] || fail "$device is $(state "$device")"
    done
    for device in "$@"; do pvusb detach "$device"; done
    as_before "there and back: $*"
    no_mistakes "there and back: $*"
}

# ---- killed ----

# The effects of a command that change something: what it sends to the store, what it writes.
count_effects() {
    strace -f -qq -e trace=sendmsg,write -e signal=none -o /run/trace "$@" >/dev/null
    grep -c 'sendmsg(\|write(' /run/trace
}

# killed_at N COMMAND…: it is killed when it begins its Nth effect. How often it looks again while it
# waits differs from time to time: it may have ended before.
killed_at() {
    local effect=$1 code=0
    shift
    {
        strace -f -qq -o /dev/null -e trace=sendmsg,write \
            -e "inject=sendmsg,write:signal=KILL:when=$effect" "$@" >/dev/null 2>&1 || code=$?
    } 2>/dev/null
    case $code in
        137) kills=$((kills + 1)) ;;
        0) ;;
        *) fail "'$*' was not killed at $effect, it ended with $code" ;;
    esac
}

# Tells that a device is wholly the host's or wholly the guest's; `now` is which.
whole() {
    now=$(state "$1")
    case $now in
        host) as_before "$2" ;;
        assigned) captured "$1" || fail "$2: assigned, but $(links "$1")" ;;
        *) fail "$2: $1 is $now after recover" ;;
    esac
    no_mistakes "$2"
}

# kill_each BEFORE DEVICE COMMAND…: kills a command that begins with the device host or assigned at
# one effect after the other; recover has to make it whole each time.
kill_each() {
    local from=$1 device=$2 effect effects what ends=()
    shift 2
    be "$from" "$device"
    effects=$(count_effects "$@")
    now=$(state "$device")
    kills=0
    for ((effect = 1; effect <= effects; effect += every)); do
        be "$from" "$device"
        what="'$*', killed at effect $effect of $effects"
        killed_at "$effect" "$@"
        pvusb recover >/dev/null || fail "$what: recover failed"
        whole "$device" "$what"
        ends+=("$now")
    done
    be host "$device"
    as_before "'$*', killed everywhere"
    ((kills * every * 2 > effects)) || fail "'$*' was killed $kills times only"
    say "'$*', killed $kills times, then: $(printf '%s\n' "${ends[@]}" | sort | uniq -c | paste -sd ' ')"
}

# be STATE DEVICE: makes it so.
be() {
    case $1/$now in
        host/assigned) pvusb detach "$2" >/dev/null ;;
        assigned/host) pvusb attach pv1 "$2" >/dev/null ;;
    esac
    now=$1
}

# ---- pulled ----

pull_while_attached() {
    pvusb attach pv1 1-4
    unplug keyboard
    wait_for "1-4 to go" [ ! -e "$devices/1-4" ]
    [[ $(pvusb list pv1) == *1-4* ]] || fail "the list does not show what was pulled"
    pvusb recover
    plug usb-kbd,keyboard,4,serial=LAB-KEYBOARD
    wait_for "1-4 to come back" has_host_driver 1-4
    as_before "pulled while attached, and plugged in again"
    no_mistakes "pulled while attached"
}

has_host_driver() { [[ $(driver_of "$1:1.0") == usbhid ]]; }

load_usb
make_gadgets
start_xenstored
play_domain
home=$(links)
say "the devices are there"
store_nodes >"$OUT/nodes-before"
pvusb controller add pv1 --ports 8
there_and_back 1-2
there_and_back 1-2 1-4 1-5 1-6 1-3.3 3-1
say "there and back"
pull_while_attached
say "pulled"
now=host
kill_each host 3-1 pvusb attach pv1 3-1
kill_each assigned 3-1 pvusb detach 3-1
pvusb controller remove pv1 0
store_as_before "without the controller"
say "end"
