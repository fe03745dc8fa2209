#!/usr/bin/env bash
# What a real kernel does when a device is plugged in again, or given another configuration: the
# number that it gets, the names of its interfaces, and who is asked for them.
#
# Usage: lab/run plain lab/scenarios/plain/replug.sh
# Exit codes: 0 it is as docs/simulation.md says; 1 it is not.
set -euo pipefail
source /pvusb/lab/guest/lab.sh

number() { cat "$devices/$1/devnum"; }
greatest() { cat "$devices"/{usb1,1-*[0-9]}/devnum 2>/dev/null | sort -n | tail -n 1; }
expect() { [[ $2 == "$3" ]] || fail "$1: '$2', not '$3'"; }

replug_keyboard() {
    unplug keyboard
    wait_for "1-4 to go" [ ! -e "$devices/1-4" ]
    plug usb-kbd,keyboard,4,serial=LAB-KEYBOARD
    wait_for "1-4 to come" [ -e "$devices/1-4:1.0/driver" ]
}

numbers_go_up() {
    local old
    # The device's own number may be the greatest: it is not given again.
    for _ in 1 2 3; do
        old=$(greatest)
        replug_keyboard
        expect "the keyboard's number after a replug" "$(number 1-4)" $((old + 1))
    done
    say "a replugged device has the number after the greatest"
}

# The network card has a second configuration, with other interfaces.
configuration_changes() {
    local old
    old=$(number 1-6)
    expect "its first configuration" "$(links 1-6)" $'1-6:1.0=cdc_ether\n1-6:1.1=cdc_ether'
    echo 2 >"$devices/1-6/bConfigurationValue"
    expect "its second configuration" "$(links 1-6)" $'1-6:2.0=rndis_host\n1-6:2.1=rndis_host'
    expect "its number" "$(number 1-6)" "$old"
    rndis_claims_like_ether
    echo "set 1-6:1:0:1 2" >"$drivers/usbback/feed"
    echo 1 >"$devices/1-6/bConfigurationValue"
    expect "a configuration while a port names it" "$(links 1-6)" $'1-6:1.0=usbback\n1-6:1.1=usbback'
    echo 2 >"$devices/1-6/bConfigurationValue"
    expect "the next one" "$(links 1-6)" $'1-6:2.0=usbback\n1-6:2.1=usbback'
    echo "clear 1-6" >"$drivers/usbback/feed"
    echo 1 >"$devices/1-6/bConfigurationValue"
    expect "its first configuration again" "$(links 1-6)" $'1-6:1.0=cdc_ether\n1-6:1.1=cdc_ether'
    say "another configuration has other interfaces, and each is probed"
}

rndis_claims_like_ether() {
    local control
    for control in 0 1; do
        echo "1-6:2.$control" >"$drivers/rndis_host/unbind"
        expect "unbound by 2.$control" "$(links 1-6)" $'1-6:2.0=-\n1-6:2.1=-'
        echo 1-6:2.0 >"$drivers/rndis_host/bind"
        expect "bound again" "$(links 1-6)" $'1-6:2.0=rndis_host\n1-6:2.1=rndis_host'
    done
}

# Of two drivers that would take it, the one loaded first is asked first.
order_of_loading_decides() {
    rmmod usbhid
    modprobe usbhid
    echo "set 1-4:1:0:1 2" >"$drivers/usbback/feed"
    echo 1-4:1.0 >"$drivers/usbhid/unbind"
    echo 1-4:1.0 >/sys/bus/usb/drivers_probe
    expect "a probe with usbback loaded first" "$(links 1-4)" 1-4:1.0=usbback
    echo 1-4:1.0 >"$drivers/usbback/unbind"
    rmmod usbback
    load_usbback
    echo "set 1-4:1:0:1 2" >"$drivers/usbback/feed"
    echo 1-4:1.0 >/sys/bus/usb/drivers_probe
    expect "a probe with usbback loaded last" "$(links 1-4)" 1-4:1.0=usbhid
    echo "clear 1-4" >"$drivers/usbback/feed"
    say "drivers are asked in the order of their loading"
}

load_usb
numbers_go_up
configuration_changes
order_of_loading_decides
