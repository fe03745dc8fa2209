#!/usr/bin/env bash
# A controller of kind pv on a real Xen: a guest's own xen-hcd connects, devices are captured and come
# back, xl lists what pvusb did, and the guest's end leaves nothing that recover does not mend.
#
# Usage: lab/run xen lab/scenarios/xen/kind-pv.sh
# usbback is the lab's stand-in: it moves no data. Everything else is real.
# Exit codes: 0 all is as it should be; 1 something is not.
set -euo pipefail
source /pvusb/lab/guest/xl.sh

load_usb
remember_home
start_guest pv1 pv
say "the guest is ready"
before=$(usb_nodes)

expect "controller add" "$(pvusb controller add pv1 --kind pv)" "controller 0 in pv1"
expect "the guest's buses" "$(guest pv1 'ls -d /sys/bus/usb/devices/usb*')" /sys/bus/usb/devices/usb1
expect "attach a stick" "$(pvusb attach pv1 1-2)" "1-2 in pv1 at 0:1"
expect "attach what has two interfaces" "$(pvusb attach pv1 1-5)" "1-5 in pv1 at 0:2"
expect "attach what is behind a hub" "$(pvusb attach pv1 1-3.3)" "1-3.3 in pv1 at 0:3"
expect "their drivers" "$(links 1-2 1-5 1-3.3)" \
    $'1-2:1.0=usbback\n1-3.3:1.0=usbback\n1-5:1.0=usbback\n1-5:1.1=usbback'
expect "xl's list" "$(xl_list pv1)" "$(xl_name 1-2 1)
$(xl_name 1-5 2)
$(xl_name 1-3.3 3)"
say "attached"

code=0
pvusb attach pv1 2-1 || code=$?
[[ $code != 0 ]] || fail "usbback took a SuperSpeed device"
expect "the drivers of what was refused" "$(links 2-1)" 2-1:1.0=usb-storage

for device in 1-2 1-5 1-3.3; do expect "detach" "$(pvusb detach $device)" "$device with its host drivers"; done
at_home "detached"
expect "controller remove" "$(pvusb controller remove pv1 0)" "no controller 0 in pv1"
expect "xenstore" "$(usb_nodes)" "$before"
say "there and back"

pvusb controller add pv1 --kind pv
pvusb attach pv1 1-4
xl destroy pv1
pvusb recover || fail "recover after the guest's end"
at_home "the guest's end"
expect "xenstore after the guest's end" "$(usb_nodes)" "$before"
say "the guest ended, and nothing is left"
