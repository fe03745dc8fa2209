#!/usr/bin/env bash
# A PV guest that has no QEMU, on a host without usbback; sourced by what-breaks-xl.sh.

# xl waits 10 s for a backend that never comes, leaves the nodes, and waits 20 s to remove them.
no_usbback() {
    local before
    start_guest pv1 pv
    before=$(usb_nodes)
    refuses 1 xl usbctrl-attach pv1 type=pv version=2 ports=4
    echo "it left:"
    usb_nodes
    xl_attach pv1 1-2 || true
    links 1-2
    pvusb recover
    have_drivers 1-2 || fail "recover left $(links 1-2)"
    refuses 1 xl usbctrl-detach pv1 0
    expect "what xl leaves in the end" "$(usb_nodes)" "$before"
    refuses 8 pvusb controller add pv1
    refuses 8 pvusb attach pv1 1-2
    refuses 1 pvusb controller add pv1 --kind pv --timeout 2
    expect "what pvusb leaves" "$(usb_nodes)" "$before"
    have_drivers 1-2 || fail "1-2 is with $(links 1-2)"
    xl_attach pv1 1-2 || true
    xl destroy pv1
}

# libxl makes it one of kind qusb and starts no QEMU for it: nobody is its backend, and the guest's
# driver waits for one.
auto_without_qemu() {
    GUEST=begins start_guest pv1 pv 'usbctrl = [ "type=auto,version=2,ports=6" ]'
    says xl usb-list pv1
    xl_attach pv1 1-2
    expect "what xl lists" "$(xl_list pv1)" "$(xl_name 1-2 1)"
    expect "who has the device that xl attached" "$(links 1-2)" 1-2:1.0=usb-storage
    says pvusb list pv1
    expect "its state" "$(state 1-2)" assigned-uncaptured
    says pvusb show 1-2
    refuses 8 pvusb attach pv1 1-4
    refuses 8 pvusb attach pv1 1-4 --at 0:2
    says pvusb recover
    expect "its state after recover" "$(state 1-2)" host
    expect "what xl lists after recover" "$(xl_list pv1)" ""
    guest_log pv1
    ! guest_says pv1 'guest: ready' || fail "the guest's driver did not wait for a backend"
    says pvusb controller remove pv1 0
    wait_for "the guest to go on without the controller" guest_says pv1 'guest: ready'
    xl destroy pv1
}
