#!/usr/bin/env bash
# What xl cannot get out of, on a real Xen with kind pv, and that pvusb can: a device pulled while it is
# attached, one too fast for the controller, one whose driver claims both interfaces, an xl that was
# killed half-way.
#
# Usage: lab/run xen lab/scenarios/xen/what-breaks-xl.sh
# What xl does is printed, and asserted only where pvusb's documents say it.
# Exit codes: 0 pvusb gets out of each; 1 it does not.
set -euo pipefail
source /pvusb/lab/guest/lab.sh

expect() { [[ $2 == "$3" ]] || fail "$1: '$2', not '$3'"; }
state() { pvusb devices --json | jq -r --arg id "$1" '.devices[] | select(.busId == $id) | .state'; }
at_home() { [[ $(links) == "$home" ]] || fail "$1: $(diff <(echo "$home") <(links))"; }
address() { echo "hostbus=$(<"$devices/$1/busnum") hostaddr=$(<"$devices/$1/devnum")"; }

# What xl says, and its exit code.
xl_says() {
    local code=0
    echo "\$ xl $*"
    xl "$@" || code=$?
    echo "exit code $code"
    return "$code"
}

# shellcheck disable=SC2046 # an address is two words
xl_attach() { xl_says usbdev-attach pv1 $(address "$1"); }

pulled_while_attached() {
    xl_attach 1-4
    unplug keyboard
    wait_for "1-4 to go" [ ! -e "$devices/1-4" ]
    ! xl_attach 1-2 || fail "xl attaches beside a port whose device was pulled: it was thought not to"
    at_home_but_pulled=$(links | grep -c usbback || true)
    expect "devices with usbback" "$at_home_but_pulled" 0
    pvusb attach pv1 1-2
    pvusb detach 1-2
    pvusb recover
    xl_attach 1-2
    xl_says usbdev-detach pv1 0 1
    plug usb-kbd,keyboard,4,serial=LAB-KEYBOARD
    wait_for "1-4 to come back" [ -e "$devices/1-4:1.0/driver" ]
    at_home "pulled while attached"
    say "pulled while attached: xl refuses all, pvusb goes on and mends it"
}

too_fast() {
    xl_attach 2-1 || true
    links 2-1
    pvusb recover 2-1
    at_home "too fast"
    expect "the device that was too fast" "$(state 2-1)" host
    say "too fast: pvusb gives it back to its driver"
}

claims_both() {
    xl_attach 1-6 || true
    links 1-6
    xl_says usbdev-detach pv1 0 1 || true
    links 1-6
    pvusb recover 1-6
    at_home "a driver that claims both"
    pvusb attach pv1 1-6
    expect "captured" "$(links 1-6)" $'1-6:1.0=usbback\n1-6:1.1=usbback'
    pvusb detach 1-6
    at_home "a driver that claims both, by pvusb"
    say "a driver that claims both interfaces: pvusb brings it back"
}

# xl is killed when it binds: the interface is with nobody, the port names the device.
killed_half_way() {
    local code=0
    # shellcheck disable=SC2046
    strace -f -qq -o /dev/null -e trace=openat -P "$drivers/usbback/bind" \
        -e inject=openat:signal=KILL:when=1 xl usbdev-attach pv1 $(address 1-2) || code=$?
    expect "the killed xl's exit code" "$code" 137
    links 1-2
    pvusb devices | grep '^1-2 '
    pvusb recover
    case $(state 1-2) in
        host) ;;
        assigned) pvusb detach 1-2 ;;
        *) fail "1-2 is $(state 1-2) after recover" ;;
    esac
    at_home "an xl that was killed"
    say "an xl killed half-way: pvusb recover ends it"
}

load_usb
home=$(links)
start_guest pv1 pv
say "the guest is ready"
xl usbctrl-attach pv1 type=pv version=2 ports=4
pulled_while_attached
too_fast
claims_both
killed_half_way
pvusb controller remove pv1 0
