#!/usr/bin/env bash
# libxl's JSON of a domain, from which xl makes it anew, has what pvusb gave and nothing that it took
# back; what xl itself then keeps of it, in its list and through a reboot, is told.
#
# Usage: lab/run xen lab/scenarios/xen/configuration.sh
# Exit codes: 0 it is in step; 1 it is not.
set -euo pipefail
source /pvusb/lab/guest/xl.sh

file() { echo "/var/lib/xen/userdata-d.$(xl domid pv1)".*.libxl-json; }
json() { tr -d '\0' <"$(file)" | jq -c "$1"; }
rest() { json 'del(.usbctrls, .usbdevs)'; }
kept() { xl list -l pv1 | jq -c '.[0].config | [.usbctrls, .usbdevs]'; }
# xl knows nothing of a guest that it is still making.
is_new() { [[ $(xl domid pv1 2>/dev/null) -gt $old && $(kept 2>/dev/null) == *devid* ]]; }

load_usb
remember_home
start_guest pv1 pv
cp "$(file)" /run/before
others=$(rest)
say "the guest is ready"

expect "a controller" "$(pvusb controller add pv1 --kind pv)" "controller 0 in pv1"
expect "its entry" "$(json .usbctrls)" '[{"type":"pv","devid":0,"version":2,"ports":8}]'
expect "attach a stick" "$(pvusb attach pv1 1-2)" "1-2 in pv1 at 0:1"
expect "attach a keyboard" "$(pvusb attach pv1 1-4)" "1-4 in pv1 at 0:2"
expect "the devices' entries" "$(libxl_devices pv1)" "[$(json_name 1-2 0:1),$(json_name 1-4 0:2)]"
expect "the rest of the file" "$(rest)" "$others"
expect "its last byte" "$(tail -c 1 "$(file)" | od -An -tx1 | tr -d ' ')" 00
expect "its mode" "$(stat -c %a "$(file)")" 600
say "of what pvusb gave, xl list -l tells: $(kept)"

expect "detach the keyboard" "$(pvusb detach 1-4)" "1-4 with its host drivers"
expect "what is left" "$(libxl_devices pv1)" "[$(json_name 1-2 0:1)]"
expect "detach the stick" "$(pvusb detach 1-2)" "1-2 with its host drivers"
expect "the end of the controller" "$(pvusb controller remove pv1 0)" "no controller 0 in pv1"
cmp "$(file)" /run/before || fail "the file is not that of before: $(json .)"
say "there and back, byte for byte"

xl usbctrl-attach pv1 type=pv version=2 ports=4
expect "attach to xl's controller" "$(pvusb attach pv1 1-2)" "1-2 in pv1 at 0:1"
expect "xl's entry and ours" "$(json '.usbctrls | map(.devid)') $(libxl_devices pv1)" \
    "[0] [$(json_name 1-2 0:1)]"
say "beside xl's entries"

cp "$(file)" /run/sound
printf '{"usbdevs": [' >"$(file)"
said=$(pvusb attach pv1 1-4)
[[ $said == *"left alone: $(file) is malformed at byte 13: "* ]] || fail "of malformed JSON it says: $said"
expect "the malformed file" "$(<"$(file)")" '{"usbdevs": ['
cat /run/sound >"$(file)"
expect "detach the keyboard" "$(pvusb detach 1-4)" "1-4 with its host drivers"
say "malformed: told, and left alone"

old=$(xl domid pv1)
xl reboot pv1
PATIENCE=180 wait_for "the guest of a greater number" is_new
say "after a reboot xl tells: $(kept), and the file: $(json '[.usbctrls, .usbdevs]')"
pvusb recover
comes_home "a guest that was rebooted"
say "after recover: $(pvusb list pv1)"
