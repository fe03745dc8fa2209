#!/usr/bin/env bash
# Devices that a guest's QEMU has, and that are pulled, or that it dies with; sourced by
# what-breaks-xl.sh.

# QEMU 7.2 was seen to die of an assertion of its own (hw/usb/core.c, usb_handle_packet) when it was given
# a device after one had been pulled from it. So each case begins with a QEMU that has lost none.
start_with_qemu() {
    is_gone "$1" || xl destroy "$1"
    start_guest "$1" pv 'usbctrl = [ "type=qusb,version=2,ports=6" ]'
    wait_for "its controller" is_connected "$1"
}

has_died() { ! kill -0 "$1" 2>/dev/null; }
is_open() { [[ -n $(links "$1") && -z $(links "$1" | grep -v '=usbfs$') ]]; }

# give_by_xl GUEST DEVICE: and waits until QEMU has it, which xl does not; fails when QEMU has died.
give_by_xl() {
    local qemu
    qemu=$(qemu_of "$1")
    xl_attach "$1" "$2"
    wait_for "QEMU to have $2, or to die" is_open_or_died "$2" "$qemu"
    is_open "$2" || has_no_qemu "$1" "$2"
}
is_open_or_died() { is_open "$1" || has_died "$2"; }

# attach_to_qemu DEVICE: fails when QEMU has died of it, which pvusb has to say.
attach_to_qemu() {
    local code=0 qemu
    qemu=$(qemu_of pv2)
    says pvusb attach pv2 "$1" || code=$?
    ((code != 0)) || ! is_state "$1" assigned || return 0
    has_died "$qemu" || fail "QEMU runs, and $1 is $(state "$1") after pvusb's attach"
    ((code == 0)) || expect "its state after QEMU's death" "$(state "$1")" host
    has_no_qemu pv2 "$1"
}

# attach_anew DEVICE: in a new guest where QEMU has died of it.
attach_anew() { attach_to_qemu "$1" || { start_with_qemu pv2 && attach_to_qemu "$1"; }; }

# has_no_qemu GUEST DEVICE: tells of QEMU's death, has the device brought home, and fails.
has_no_qemu() {
    echo "QEMU has died: $(tail -n 1 "/var/log/xen/qemu-dm-$1.log")"
    says pvusb recover || true
    expect "its state after recover" "$(state "$2")" host
    xl destroy "$1"
    return 1
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
    attach_without_it || true
    plug_own_stick
}

# What xl could not attach goes in by pvusb, and after its recover by xl, too.
attach_without_it() {
    attach_to_qemu 1-4 || return
    says pvusb detach 1-4
    says pvusb recover
    expect "what is left of it" "$(state 1-2)" ""
    give_by_xl pv2 1-4 || return
    says xl usbdev-detach pv2 0 1
}

# xl lists it as the guest's, although domain 0 has it.
replugged() {
    start_with_qemu pv2
    give_by_xl pv2 1-2
    pull_stick stick
    plug_own_stick
    says xl usb-list pv2
    links 1-2
    expect "what xl lists" "$(xl_list pv2)" "$(xl_name 1-2 1)"
    expect "who has it" "$(links 1-2)" 1-2:1.0=usb-storage
    expect "its state" "$(state 1-2)" assigned-uncaptured
    shown 1-2
    says pvusb recover
    expect "its state after recover" "$(state 1-2)" host
    expect "what xl lists after recover" "$(xl_list pv2)" ""
    attach_anew 1-2
    pull_stick stick
    plug_own_stick
    attach_to_qemu 1-2 || return 0
    says pvusb detach 1-2
}

# Another stick on the same socket: xl takes it for the one that the guest had.
replaced() {
    start_with_qemu pv2
    give_by_xl pv2 1-2
    pull_stick stick
    plug_stick other spare LAB-OTHER
    says xl usb-list pv2
    links 1-2
    expect "what xl lists" "$(xl_list pv2)" "$(xl_name 1-2 1)"
    shown 1-2
    says pvusb recover
    expect "the other stick" "$(state 1-2)" host
    pull_stick other
    plug_own_stick
    attach_anew 1-2
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
