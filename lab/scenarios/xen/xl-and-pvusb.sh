#!/usr/bin/env bash
# xl and pvusb on the same controllers of a real Xen, kind pv: each lists, gives back and removes what
# the other made.
#
# Usage: lab/run xen lab/scenarios/xen/xl-and-pvusb.sh
# Exit codes: 0 they work together; 1 they do not.
set -euo pipefail
source /pvusb/lab/guest/lab.sh

# Controllers, records and notes; the directories of those stay for ever.
usb_nodes() {
    xenstore-ls -fp | grep -E '/(vusb|usbback|pvusb)' \
        | grep -vE '^/libxl/(usbback|pvusb|pvusb/device|pvusb/version) ' | LC_ALL=C sort || true
}
at_home() { [[ $(links) == "$home" ]] || fail "$1: $(diff <(echo "$home") <(links))"; }
state() { pvusb devices --json | jq -r --arg id "$1" '.devices[] | select(.busId == $id) | .state'; }
expect() { [[ $2 == "$3" ]] || fail "$1: '$2', not '$3'"; }

# xl binds without waiting until usbback has seen the port: on a slow machine it is refused, and what
# it then leaves half-way has to be pvusb's to mend.
xl_attach() {
    local tries
    for ((tries = 1; tries <= 5; tries++)); do
        xl usbdev-attach pv1 "hostbus=$(<"$devices/$1/busnum")" \
            "hostaddr=$(<"$devices/$1/devnum")" && return
        echo "xl's attach of $1 failed and left: $(links "$1" | paste -sd ' ')"
        pvusb recover "$1"
        [[ $(links "$1") == "$(grep "^$1:" <<<"$home")" ]] || fail "recover left $(links "$1")"
    done
    fail "xl never attached $1"
}

load_usb
home=$(links)
start_guest pv1 pv
say "the guest is ready"

xl usbctrl-attach pv1 type=pv version=2 ports=4
xl_attach 1-2
xl_attach 1-5
expect "what xl attached" "$(state 1-2) $(state 1-5)" "assigned assigned"
say "$(pvusb list pv1)"
pvusb detach 1-2
pvusb detach 1-5
at_home "xl attached, pvusb detached"
[[ $(xl usb-list pv1) != *Device* ]] || fail "xl lists what pvusb has taken back: $(xl usb-list pv1)"
pvusb controller remove pv1 0
[[ -z $(xl usb-list pv1) ]] || fail "xl lists a removed controller"
say "xl attached, pvusb took back"

pvusb controller add pv1 --kind pv
pvusb attach pv1 1-2
pvusb attach pv1 1-5
xl usb-list pv1
xl usbdev-detach pv1 0 1
# xl gives interfaces back one by one: it fails at the streaming one, which its driver takes only with
# the control interface. The device is then for pvusb to bring home.
xl usbdev-detach pv1 0 2 || say "xl's detach of 1-5 failed and left: $(links 1-5 | paste -sd ' ')"
pvusb recover 1-5
xl usbctrl-detach pv1 0
expect "what xl detached" "$(state 1-2) $(state 1-5)" "host host"
at_home "pvusb attached, xl detached"
pvusb recover
expect "what recover leaves" "$(usb_nodes)" ""
say "pvusb attached, xl took back"

pvusb controller add pv1 --kind pv
pvusb attach pv1 1-2
xl usbctrl-detach pv1 0
at_home "xl removed a controller with a device"
expect "its device" "$(state 1-2)" host
pvusb recover
say "xl removed a controller of pvusb's with its device"
