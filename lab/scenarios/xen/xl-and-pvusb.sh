#!/usr/bin/env bash
# xl and pvusb on the same controllers of a real Xen, of all three kinds: each lists, gives back and
# removes what the other made, libxl's JSON tells of both, and a guest that xl destroys leaves nothing
# that recover does not mend.
#
# Usage: lab/run xen [-a lab.kinds=pv,qusb,devicemodel] lab/scenarios/xen/xl-and-pvusb.sh
# Controllers of kind devicemodel stay: their removal takes a guest that answers, which no HVM guest
# does here before minutes have gone.
# Exit codes: 0 they work together; 1 they do not.
set -euo pipefail
source /pvusb/lab/guest/xl.sh

# A stick, and what has two interfaces. QEMU's emulated controllers of version 2 take no low or full
# speed, and the second device is one of full speed.
sticks=(1-2 1-5)
declare -A guests=([pv]=pv1 [qusb]=pv2 [devicemodel]=hvm1) versions=([pv]=2 [qusb]=2 [devicemodel]=3)

ports_of() { [[ $1 == devicemodel ]] && echo 8 || echo 4; }

xl_controller() { says xl usbctrl-attach "$guest" "type=$kind" "version=${versions[$kind]}" "ports=$(ports_of "$kind")"; }
our_controller() {
    expect "controller add" "$(pvusb controller add "$guest" --kind "$kind" \
        --version "${versions[$kind]}" --ports "$(ports_of "$kind")")" "controller $1 in $guest"
}

# xl binds to usbback without waiting until that has seen the port: where the machine is slow it is
# refused, and what xl then leaves half-way has to be pvusb's to mend.
xl_attach_patiently() {
    local tries
    for ((tries = 1; tries <= 5; tries++)); do
        xl_attach "$guest" "$1" && break
        echo "xl's attach of $1 failed and left $(links "$1" | paste -sd ' '): $(shown "$1")"
        pvusb recover "$1"
        have_drivers "$1" || fail "recover left $(links "$1")"
    done
    wait_for "$1 to be assigned" is_state "$1" assigned
}

attach_ours() {
    expect "attach" "$(pvusb attach "$guest" "$1" --at "$2")" "$1 in $guest at $2"
}

# ---- the directions ----

xl_gives_pvusb_takes() {
    local device
    for device in "${sticks[@]}"; do xl_attach_patiently "$device"; done
    pvusb list "$guest"
    for device in "${sticks[@]}"; do
        expect "detach" "$(pvusb detach "$device")" "$device with its host drivers"
    done
    at_home "xl attached, pvusb detached"
    expect "what xl still lists" "$(xl_list "$guest")" ""
    say "$kind: xl attached, pvusb took back"
}

# xl_detach PLACE DEVICE: xl gives interfaces back one by one. It fails at a streaming one, which its
# driver takes only with the control interface; the device is then for pvusb to bring home.
xl_detach() {
    says xl usbdev-detach "$guest" "${1%:*}" "${1#*:}" \
        || echo "xl's detach of $2 failed and left $(links "$2" | paste -sd ' '): $(shown "$2")"
}

pvusb_gives_xl_takes() {
    attach_ours 1-2 "$1:1"
    attach_ours 1-5 "$1:2"
    expect "what xl lists" "$(xl_list "$guest")" "$(xl_name 1-2 1)
$(xl_name 1-5 2)"
    expect "what libxl's file has" "$(libxl_devices "$guest")" \
        "[$(json_name 1-2 "$1:1"),$(json_name 1-5 "$1:2")]"
    echo "xl list -l keeps $(xl list -l "$guest" | jq -c '.[0].config | {usbctrls, usbdevs}')"
    xl_detach "$1:1" 1-2
    xl_detach "$1:2" 1-5
    wait_for "1-2 to be back" have_drivers 1-2
    pvusb recover 1-5
    comes_home "pvusb attached, xl detached"
    pvusb recover
    expect "the states" "$(state 1-2) $(state 1-5)" "host host"
    say "$kind: pvusb attached, xl took back"
}

xl_removes_with_a_device() {
    attach_ours 1-2 "$1:1"
    says xl usbctrl-detach "$guest" "$1"
    comes_home "xl removed a controller with a device"
    pvusb recover
    expect "the state of its device" "$(state 1-2)" host
    say "$kind: xl removed a controller of pvusb's with its device"
}

pvusb_removes_with_a_device() {
    xl_attach_patiently 1-2
    expect "controller remove" "$(pvusb controller remove "$guest" "$1")" "no controller $1 in $guest"
    at_home "pvusb removed a controller with a device"
    [[ $(xl usb-list "$guest") != *"$kind"* ]] || fail "xl lists what pvusb removed: $(xl usb-list "$guest")"
    say "$kind: pvusb removed a controller of xl's with its device"
}

xl_destroys() {
    attach_ours 1-2 "$1:1"
    attach_ours 1-4 "$1:2"
    says xl destroy "$guest"
    pvusb recover
    comes_home "the guest's end"
    pvusb recover
    expect "xenstore after the guest's end" "$(usb_nodes)" "$before"
    say "$kind: xl destroyed the guest, and nothing is left"
}

# ---- the kinds ----

pv() {
    xl_controller
    xl_gives_pvusb_takes
    pvusb_removes_with_a_device 0
    our_controller 0
    pvusb_gives_xl_takes 0
    xl_removes_with_a_device 0
    our_controller 0
    xl_destroys 0
}

# The controller that the guest was made with is xl's.
qusb() {
    wait_for "its controller" is_connected "$guest"
    xl_gives_pvusb_takes
    pvusb_removes_with_a_device 0
    our_controller 0
    pvusb_gives_xl_takes 0
    xl_removes_with_a_device 0
    our_controller 0
    xl_destroys 0
}

devicemodel() {
    xl_controller
    xl_gives_pvusb_takes
    our_controller 1
    pvusb_gives_xl_takes 0
    xl_destroys 1
}

start() {
    case $kind in
        pv) start_guest pv1 pv ;;
        qusb) start_guest pv2 pv 'usbctrl = [ "type=qusb,version=2,ports=4" ]' ;;
        devicemodel) start_hvm hvm1 ;;
    esac
    say "$kind: the guest is there"
}

load_usb
remember_home
kinds=$(sed -n 's/.*lab\.kinds=\([a-z,]*\).*/\1/p' /proc/cmdline)
for kind in $(tr , ' ' <<<"${kinds:-pv,qusb,devicemodel}"); do
    guest=${guests[$kind]}
    before=$(usb_nodes)
    start
    "$kind"
done
