#!/usr/bin/env bash
# A controller of kind devicemodel on a real Xen: an HVM guest's QEMU gets a controller and devices by
# QMP, xl lists them, and the host's drivers have all again afterwards.
#
# Usage: lab/run xen lab/scenarios/xen/devicemodel.sh
# The guest itself takes minutes to start here and is not waited for: QEMU is what is looked at.
# Exit codes: 0 all is as it should be; 1 something is not.
set -euo pipefail
source /pvusb/lab/guest/xl.sh

load_usb
remember_home
start_hvm hvm1
say "the guest has begun"

# Each version carries what it can in QEMU: 1 full speed, 2 high speed alone, 3 both.
for version in 3 2 1; do
    expect "controller add" "$(pvusb controller add hvm1 --kind devicemodel --version $version)" \
        "controller $((3 - version)) in hvm1"
done
expect "attach a keyboard" "$(pvusb attach hvm1 1-4 --at 0:1)" "1-4 in hvm1 at 0:1"
expect "attach a stick of high speed" "$(pvusb attach hvm1 1-2 --at 1:1)" "1-2 in hvm1 at 1:1"
expect "attach what has two interfaces" "$(pvusb attach hvm1 1-5 --at 2:1)" "1-5 in hvm1 at 2:1"
expect "their states" "$(state 1-4) $(state 1-2) $(state 1-5)" "assigned assigned assigned"
expect "what QEMU has" "$(qemu_devices hvm1)" "$(for id in 1-2 1-4 1-5; do qemu_name $id; done | sort)"
qemu_monitor hvm1 'info usb'
expect "xl's list" "$(xl_list hvm1)" "$(xl_name 1-4 1)
$(xl_name 1-2 1)
$(xl_name 1-5 1)"
for device in 1-4 1-2 1-5; do
    expect "detach" "$(pvusb detach $device)" "$device with its host drivers"
done
comes_home "detached"
expect "what QEMU has afterwards" "$(qemu_devices hvm1)" ""
say "there and back"

xl_attach hvm1 1-5
expect "what xl attached" "$(state 1-5)" assigned
expect "detach what xl attached" "$(pvusb detach 1-5)" "1-5 with its host drivers"
expect "attach for the guest's end" "$(pvusb attach hvm1 1-4 --at 0:1)" "1-4 in hvm1 at 0:1"
xl destroy hvm1
pvusb recover
comes_home "the guest's end"
say "the guest ended, and nothing is left"
