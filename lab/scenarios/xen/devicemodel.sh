#!/usr/bin/env bash
# A controller of kind devicemodel on a real Xen: an HVM guest's QEMU gets a controller and devices by
# QMP, xl lists them, and the host's drivers have all again afterwards.
#
# Usage: lab/run xen lab/scenarios/xen/devicemodel.sh
# The guest itself takes minutes to start here and is not waited for: QEMU is what is looked at.
# Exit codes: 0 all is as it should be; 1 something is not.
set -euo pipefail
source /pvusb/lab/guest/lab.sh

expect() { [[ $2 == "$3" ]] || fail "$1: '$2', not '$3'"; }
state() { pvusb devices --json | jq -r --arg id "$1" '.devices[] | select(.busId == $id) | .state'; }
xl_name() { printf 'Port %d: Bus %03d Device %03d' "$2" "$(<"$devices/$1/busnum")" "$(<"$devices/$1/devnum")"; }
xl_list() { xl usb-list hvm1 | sed -n 's/^ *\(Port [0-9]*: Bus.*\)/\1/p'; }
at_home() { [[ $(links) == "$home" ]]; }

load_usb
home=$(links)
cat >/run/hvm1.cfg <<END
name = "hvm1"
type = "hvm"
kernel = "/guest/vmlinuz"
ramdisk = "/guest/guest.gz"
extra = "console=ttyS0"
memory = 256
vcpus = 1
vga = "none"
serial = "pty"
END
xl create -q /run/hvm1.cfg
say "the guest has begun"

# Version 2 carries nothing below high speed in QEMU, and the audio device is one of full speed.
expect "controller add" "$(pvusb controller add hvm1 --kind devicemodel --version 3)" "controller 0 in hvm1"
expect "attach a keyboard" "$(pvusb attach hvm1 1-4)" "1-4 in hvm1 at 0:1"
expect "attach what has two interfaces" "$(pvusb attach hvm1 1-5)" "1-5 in hvm1 at 0:2"
expect "their states" "$(state 1-4) $(state 1-5)" "assigned assigned"
expect "xl's list" "$(xl_list)" "$(xl_name 1-4 1)
$(xl_name 1-5 2)"
for device in 1-4 1-5; do
    expect "detach" "$(pvusb detach $device)" "$device with its host drivers"
done
wait_for "the drivers of before" at_home
say "there and back"

xl usbdev-attach hvm1 "hostbus=$(<"$devices/1-5/busnum")" "hostaddr=$(<"$devices/1-5/devnum")"
expect "what xl attached" "$(state 1-5)" assigned
expect "detach what xl attached" "$(pvusb detach 1-5)" "1-5 with its host drivers"
expect "attach for the guest's end" "$(pvusb attach hvm1 1-4)" "1-4 in hvm1 at 0:1"
xl destroy hvm1
pvusb recover
wait_for "the drivers of before, after the guest's end" at_home
say "the guest ended, and nothing is left"
