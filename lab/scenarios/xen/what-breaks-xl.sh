#!/usr/bin/env bash
# What xl cannot get out of, or takes for done, on a real Xen, and what pvusb does of the same: it
# refuses with the reason, or one `pvusb recover` mends it. Both are side by side in the output.
#
# Usage: lab/run xen [-a lab.cases=CASE,…] lab/scenarios/xen/what-breaks-xl.sh
# The cases are functions of the files in what-breaks-xl/; each begins and ends with every interface at
# the driver of a fresh plug. What xl does is printed, and asserted where pvusb's documents say it.
# Exit codes: 0 pvusb refuses or mends each; 1 it does not.
set -euo pipefail
source /pvusb/lab/guest/xl.sh
for part in without-usbback with-qemu confined with-usbback; do
    source "/pvusb/lab/scenarios/xen/what-breaks-xl/$part.sh"
done

# usbback comes after the cases of hosts that have none.
cases=(no_usbback auto_without_qemu
    pulled_from_qemu replugged replaced qemu_missing poweroff_with_keyboard
    stub_domain deprivileged
    pulled_from_usbback replaced_under_usbback too_fast claims_both bound_too_early killed_half_way)

USBBACK=none load_usb
remember_home
chosen=$(sed -n 's/.*lab\.cases=\([a-z_,]*\).*/\1/p' /proc/cmdline)
[[ -z $chosen ]] || IFS=, read -r -a cases <<<"$chosen"
for name in "${cases[@]}"; do
    say "$name"
    "$name"
    comes_home "$name"
    expect "what a recover would still do" "$(pvusb recover 2>&1)" "nothing to do"
done
say "pvusb gets out of each"
