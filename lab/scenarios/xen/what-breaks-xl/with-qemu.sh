#!/usr/bin/env bash
# Devices that a guest's QEMU has, and that are pulled, or that it dies with; sourced by
# what-breaks-xl.sh.

start_with_qemu() {
    xl domid "$1" >/dev/null 2>&1 && return
    start_guest "$1" pv 'usbctrl = [ "type=qusb,version=2,ports=6" ]'
    wait_for "its controller" is_connected "$1"
}

has_died() { ! kill -0 "$1" 2>/dev/null; }
is_open() { [[ -n $(links "$1") && -z $(links "$1" | grep -v '=usbfs$') ]]; }

# give_by_xl GUEST DEVICE: and waits until QEMU has it, which xl does not.
give_by_xl() {
    xl_attach "$1" "$2"
    wait_for "QEMU to have $2" is_open "$2"
}

pull_stick() {
    unplug "$1"
    wait_for "1-2 to go" [ ! -e "$devices/1-2" ]
}

plug_stick() {
    plug "usb-storage,$1,2,drive=$2,serial=$3"
    wait_for "1-2 to come" [ -e "$devices/1-2:1.0/driver" ]
}
plug_own_stick() { plug_stick stick stick LAB-STICK; }

# The port still names it: xl can't attach anything any more, and can't detach it.
pulled_from_qemu() {
    start_with_qemu pv2
    give_by_xl pv2 1-2
    pull_stick stick
    refuses 1 xl_attach pv2 1-4
    refuses 1 xl usbdev-detach pv2 0 1
    expect "its state" "$(state 1-2)" assigned-absent
    shown 1-2
    says pvusb attach pv2 1-4
    says pvusb detach 1-4
    says pvusb recover
    expect "what is left of it" "$(state 1-2)" ""
    xl_attach pv2 1-4
    wait_for "QEMU to have 1-4" is_open 1-4
    says xl usbdev-detach pv2 0 1
    plug_own_stick
}

# xl lists it as the guest's, although domain 0 has it.
replugged() {
    start_with_qemu pv2
    give_by_xl pv2 1-2
    pull_stick stick
    plug_own_stick
    expect "what xl lists" "$(xl_list pv2)" "$(xl_name 1-2 1)"
    expect "who has it" "$(links 1-2)" 1-2:1.0=usb-storage
    expect "its state" "$(state 1-2)" assigned-uncaptured
    shown 1-2
    says pvusb recover
    expect "its state after recover" "$(state 1-2)" host
    expect "what xl lists after recover" "$(xl_list pv2)" ""
    attach_to_qemu 1-2 || return 0
    pull_stick stick
    plug_own_stick
    attach_to_qemu 1-2 || return 0
    says pvusb detach 1-2
}

# attach_to_qemu DEVICE: fails when QEMU has died. QEMU 7.2 was seen to die of an assertion of its own
# (hw/usb/core.c, usb_handle_packet) after a device that it had was pulled; then pvusb has to say so,
# and the device has to be with the host.
attach_to_qemu() {
    local code=0
    says pvusb attach pv2 "$1" || code=$?
    ((code != 0)) || { expect "its state" "$(state "$1")" assigned; return; }
    has_died "$(qemu_of pv2)" || fail "QEMU runs, and $1 was not attached"
    echo "QEMU has died: $(tail -n 1 /var/log/xen/qemu-dm-pv2.log)"
    expect "its state after QEMU's death" "$(state "$1")" host
    xl destroy pv2
    return 1
}

# Another stick on the same socket: xl takes it for the one that the guest had.
replaced() {
    start_with_qemu pv2
    give_by_xl pv2 1-2
    pull_stick stick
    plug_stick other spare LAB-OTHER
    expect "what xl lists" "$(xl_list pv2)" "$(xl_name 1-2 1)"
    shown 1-2
    says pvusb recover
    expect "the other stick" "$(state 1-2)" host
    pull_stick other
    plug_own_stick
    attach_to_qemu 1-2 || return 0
    pull_stick stick
    plug_stick other spare LAB-OTHER
    expect "the other stick, after pvusb's attach" "$(state 1-2)" stale
    shown 1-2
    says pvusb recover
    expect "the other stick after recover" "$(state 1-2)" host
    pull_stick other
    plug_own_stick
}

# QEMU is killed: xl's detach succeeds and gives nothing back, its attach succeeds and gives nothing.
qemu_missing() {
    local qemu
    start_with_qemu pv2
    says pvusb attach pv2 1-4
    give_by_xl pv2 1-5
    qemu=$(qemu_of pv2)
    kill -9 "$qemu"
    wait_for "QEMU to die" has_died "$qemu"
    says xl usb-list pv2
    links 1-4 1-5
    shown 1-4
    shown 1-5
    says xl usbdev-detach pv2 0 2
    echo "after xl's detach: $(links 1-5 | paste -sd ' ')"
    says pvusb recover || true
    have_drivers 1-5 || says pvusb recover 1-5
    have_drivers 1-4 1-5 || fail "recover left $(links 1-4 1-5)"
    xl_attach pv2 1-2
    expect "what xl lists" "$(xl_list pv2)" "$(xl_name 1-2 1)"
    expect "who has it" "$(links 1-2)" 1-2:1.0=usb-storage
    shown 1-2
    refuses 8 pvusb attach pv2 1-4
    says pvusb recover
    expect "its state after recover" "$(state 1-2)" host
    xl destroy pv2
}

# QEMU dies of a guest's end while it has a keyboard (hw/usb/xen-usb.c).
poweroff_with_keyboard() {
    start_with_qemu pv3
    says pvusb attach pv3 1-4
    give_by_xl pv3 1-5
    echo 'poweroff -f' >"$(xenstore-read "/local/domain/$(xl domid pv3)/console/tty")"
    wait_for "the guest to go" is_gone pv3
    links 1-4 1-5
    shown 1-4
    shown 1-5
    says pvusb recover || true
    have_drivers 1-5 || says pvusb recover 1-5
}
