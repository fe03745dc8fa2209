#!/usr/bin/env bash
# Controllers of kind pv, of which usbback (its stand-in) is the backend; sourced by what-breaks-xl.sh.

start_with_usbback() {
    load_usbback
    xl domid pv1 >/dev/null 2>&1 || start_guest pv1 pv
    [[ -n $(xl usb-list pv1) ]] || says xl usbctrl-attach pv1 type=pv version=2 ports=4
    wait_for "its controller" is_connected pv1
}

# give_slowly DEVICE: xl binds too early where the machine is slow; see bound_too_early.
give_slowly() {
    local tries
    for ((tries = 1; tries <= 5; tries++)); do
        xl_attach pv1 "$1" && return
        says pvusb recover "$1"
    done
    fail "xl never attached $1"
}

pulled_from_usbback() {
    start_with_usbback
    give_slowly 1-4
    unplug keyboard
    wait_for "1-4 to go" [ ! -e "$devices/1-4" ]
    refuses 1 xl_attach pv1 1-2
    refuses 1 xl usbdev-detach pv1 0 1
    expect "its state" "$(state 1-4)" assigned-absent
    says pvusb attach pv1 1-2
    says pvusb detach 1-2
    says pvusb recover
    expect "what is left of it" "$(state 1-4)" ""
    give_slowly 1-2
    says xl usbdev-detach pv1 0 1
    plug usb-kbd,keyboard,4,serial=LAB-KEYBOARD
    wait_for "1-4 to come back" [ -e "$devices/1-4:1.0/driver" ]
}

# Another device on the socket of one that was attached. Were usbback loaded before its driver, it
# would take it for the guest (kernel-rules.tsv); here the driver is asked first.
replaced_under_usbback() {
    start_with_usbback
    says pvusb attach pv1 1-4
    unplug keyboard
    wait_for "1-4 to go" [ ! -e "$devices/1-4" ]
    plug usb-mouse,other,4,serial=LAB-OTHER
    wait_for "the other to come" [ -e "$devices/1-4:1.0/driver" ]
    says xl usb-list pv1
    links 1-4
    expect "its state" "$(state 1-4)" stale
    shown 1-4
    says pvusb recover
    expect "the other's driver" "$(links 1-4)" 1-4:1.0=usbhid
    expect "its state after recover" "$(state 1-4)" host
    unplug other
    wait_for "the other to go" [ ! -e "$devices/1-4" ]
    plug usb-kbd,keyboard,4,serial=LAB-KEYBOARD
    wait_for "1-4 to come back" [ -e "$devices/1-4:1.0/driver" ]
}

# usbback has nothing faster than high speed.
too_fast() {
    start_with_usbback
    xl_attach pv1 2-1 || true
    links 2-1
    refuses 8 pvusb attach pv1 2-1
    says pvusb recover 2-1
    expect "the device that was too fast" "$(state 2-1)" host
}

# The driver of one interface claims the other: xl gives back one by one.
claims_both() {
    start_with_usbback
    xl_attach pv1 1-6 || true
    links 1-6
    says xl usbdev-detach pv1 0 1 || true
    links 1-6
    shown 1-6
    says pvusb recover 1-6
    comes_home "a driver that claims both"
    says pvusb attach pv1 1-6
    expect "captured" "$(links 1-6)" $'1-6:1.0=usbback\n1-6:1.1=usbback'
    says pvusb detach 1-6
}

# usbback hears of the port after xl has tried to bind: xl undoes what it did, interface by interface,
# and stops at the first that its driver does not take alone.
bound_too_early() {
    start_with_usbback
    # The bind is made to fail as usbback would: strace answers in the kernel's place.
    # shellcheck disable=SC2046
    says strace -f -qq -o /dev/null -e trace=write -P "$drivers/usbback/bind" \
        -e inject=write:error=ENODEV xl usbdev-attach pv1 $(address 1-5) || true
    expect "what xl left" "$(links 1-5)" $'1-5:1.0=snd-usb-audio\n1-5:1.1=-'
    links 1-5
    # xl deletes its notes all the same, so nothing tells that the other half had a driver.
    expect "xl's notes" "$(usb_nodes | grep '^/libxl/usbback/' || true)" ""
    shown 1-5
    says pvusb show 1-5
    says pvusb recover 1-5
    links 1-5
    have_drivers 1-5 || fail "recover left $(links 1-5)"
    says pvusb recover 1-5
}

# xl is killed when it binds: the interface is with nobody, the port names the device.
killed_half_way() {
    start_with_usbback
    # shellcheck disable=SC2046
    refuses 137 strace -f -qq -o /dev/null -e trace=openat -P "$drivers/usbback/bind" \
        -e inject=openat:signal=KILL:when=1 xl usbdev-attach pv1 $(address 1-2)
    links 1-2
    shown 1-2
    says pvusb recover
    case $(state 1-2) in
        host) ;;
        assigned) says pvusb detach 1-2 ;;
        *) fail "1-2 is $(state 1-2) after recover" ;;
    esac
    says pvusb controller remove pv1 0
}
