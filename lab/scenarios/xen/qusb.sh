#!/usr/bin/env bash
# A controller of kind qusb on a real Xen: QEMU hands the devices to a guest, which reads the very
# blocks that domain 0 read before; xl agrees; afterwards the host's drivers have all again.
#
# Usage: lab/run xen lab/scenarios/xen/qusb.sh       (qusb-pvh.sh: the same with a PVH guest)
# Exit codes: 0 all is as it should be; 1 something is not.
set -euo pipefail
source /pvusb/lab/guest/xl.sh

guest_has() { guest pv1 "grep -l $1 /sys/bus/usb/devices/*/serial"; }
guest_disk() { guest pv1 'ls /sys/block' | grep -m 1 '^sd'; }
blocks() { dd bs=64k count=16 2>/dev/null | sha256sum; }

load_usb
remember_home
disk=$(basename "$devices/1-2:1.0"/host*/target*/*/block/*)
before=$(blocks <"/dev/$disk")
start_guest pv1 "${guest_type:-pv}" 'usbctrl = [ "type=qusb,version=2,ports=6" ]'
say "the guest is ready"

expect "attach a stick" "$(pvusb attach pv1 1-2)" "1-2 in pv1 at 0:1"
expect "xl's list" "$(xl_list pv1)" "$(xl_name 1-2 1)"
wait_for "the guest's disk" guest_disk
expect "the guest's blocks" "$(guest pv1 "dd if=/dev/$(guest_disk) bs=64k count=16 2>/dev/null | sha256sum")" \
    "$before"
guest pv1 'dmesg | grep -m 1 "SerialNumber: LAB-STICK"' || fail "the guest's kernel does not tell of the stick"
say "the guest reads the stick"

expect "attach a keyboard" "$(pvusb attach pv1 1-4)" "1-4 in pv1 at 0:2"
expect "attach what is behind a hub" "$(pvusb attach pv1 1-3.3)" "1-3.3 in pv1 at 0:3"
expect "attach what has two interfaces" "$(pvusb attach pv1 1-5)" "1-5 in pv1 at 0:4"
for serial in LAB-KEYBOARD LAB-SERIAL LAB-AUDIO; do
    wait_for "the guest to see $serial" guest_has "$serial"
done
expect "xl's list of four" "$(xl_list pv1)" "$(xl_name 1-2 1)
$(xl_name 1-4 2)
$(xl_name 1-3.3 3)
$(xl_name 1-5 4)"
say "four devices at once"

for device in 1-2 1-4 1-3.3 1-5; do
    expect "detach" "$(pvusb detach $device)" "$device with its host drivers"
done
at_home "detached"
disk=$(basename "$devices/1-2:1.0"/host*/target*/*/block/*)
grep -q " $disk$" /proc/partitions || fail "no $disk in /proc/partitions"
expect "the host's blocks afterwards" "$(blocks <"/dev/$disk")" "$before"
expect "a second controller" "$(pvusb controller add pv1 --kind qusb)" "controller 1 in pv1"
expect "its end" "$(pvusb controller remove pv1 1)" "no controller 1 in pv1"
expect "the first one's end" "$(pvusb controller remove pv1 0)" "no controller 0 in pv1"
[[ -z $(xl usb-list pv1) ]] || fail "xl still lists $(xl usb-list pv1)"
xl destroy pv1
say "there and back"
