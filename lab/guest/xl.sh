#!/usr/bin/env bash
# What the scripts that look at xl and pvusb side by side have in common; it brings lab.sh along:
# `source /pvusb/lab/guest/xl.sh`.

source /pvusb/lab/guest/lab.sh

# expect WHAT IS SHOULD
expect() { [[ $2 == "$3" ]] || fail "$1: '$2', not '$3'"; }

# ---- the host's drivers ----

# remember_home: who has which interface before anything is given away.
remember_home() { home=$(links); }
is_home() { [[ $(links) == "$home" ]]; }
at_home() { is_home || fail "$1: $(diff <(echo "$home") <(links))"; }
# QEMU gives back in its own time, and so does whoever asked it to.
comes_home() { wait_for "the drivers of before: $1" is_home; }
# have_drivers DEVICE…: these devices are with those of before.
have_drivers() {
    local device
    for device in "$@"; do [[ $(links "$device") == "$(grep "^$device:" <<<"$home")" ]] || return 1; done
}

# ---- pvusb's word and xl's ----

state() { pvusb devices --json | jq -r --arg id "$1" '.devices[] | select(.busId == $id) | .state'; }
is_state() { [[ $(state "$1") == "$2" ]]; }

# The line of `pvusb devices` about a device.
shown() { pvusb devices | grep "^$1 " | tr -s ' ' | sed 's/ $//'; }

# says COMMAND…: prints a command, what it says and its exit code, and ends with that.
says() {
    local code=0
    echo "\$ $*"
    "$@" 2>&1 || code=$?
    echo "exit code $code"
    return "$code"
}

# refuses CODE COMMAND…: the command, or a function that says one, has to end with that code.
refuses() {
    local wanted=$1 code=0
    shift
    if [[ $(type -t "$1") == function ]]; then "$@" || code=$?; else says "$@" || code=$?; fi
    expect "the exit code of $*" "$code" "$wanted"
}

address() { echo "hostbus=$(<"$devices/$1/busnum") hostaddr=$(<"$devices/$1/devnum")"; }

# xl_attach GUEST DEVICE [WORD…]
xl_attach() {
    local guest=$1 device=$2
    shift 2
    # shellcheck disable=SC2046 # an address is two words
    says xl usbdev-attach "$guest" $(address "$device") "$@"
}

# xl_list GUEST: what is in ports, one a line; xl_name DEVICE PORT: the line that there has to be.
xl_list() { xl usb-list "$1" | sed -n 's/^ *\(Port [0-9]*: Bus.*\)/\1/p'; }
xl_name() { printf 'Port %d: Bus %03x Device %03x' "$2" "$(<"$devices/$1/busnum")" "$(<"$devices/$1/devnum")"; }

# ---- xenstore ----

# Controllers, records and notes; the directories of those stay for ever.
usb_nodes() {
    xenstore-ls -fp | grep -E '/(vusb|qusb|usbback|pvusb)' \
        | grep -vE '^/libxl/(usbback|pvusb|pvusb/device|pvusb/version) ' | LC_ALL=C sort || true
}

# ---- libxl's JSON ----

# What libxl's file of a guest has of its USB devices: controller, port, bus and device number of each.
libxl_devices() {
    tr -d '\0' <"$(echo "/var/lib/xen/userdata-d.$(xl domid "$1")".*.libxl-json)" \
        | jq -c '[.usbdevs // [] | .[] | [.ctrl, .port, (."type.hostdev" | .hostbus, .hostaddr)]]'
}
# json_name DEVICE PLACE: what there has to be of one.
json_name() { echo "[${2%:*},${2#*:},$(<"$devices/$1/busnum"),$(<"$devices/$1/devnum")]"; }

# ---- guests ----

# start_hvm NAME [LINE…]: the guest itself takes minutes to start here, and is not waited for.
start_hvm() {
    local name=$1
    shift
    cat >"/run/$name.cfg" <<END
name = "$name"
type = "hvm"
kernel = "/guest/vmlinuz"
ramdisk = "/guest/guest.gz"
extra = "console=ttyS0"
memory = 256
vcpus = 1
vga = "none"
serial = "pty"
END
    printf '%s\n' "$@" >>"/run/$name.cfg"
    xl create -q "/run/$name.cfg"
}

# is_connected GUEST: its first controller is. xl does not wait for that.
is_connected() { [[ $(pvusb list "$1" --json | jq -r '.controllers[0].frontendState') == 4 ]]; }

# qemu_monitor GUEST LINE: what a guest's QEMU answers to a line of its monitor.
qemu_monitor() { python3 /pvusb/lab/guest/monitor.py "$(xl domid "$1")" "$2"; }
# The ids of the host's devices that a guest's QEMU has.
qemu_devices() { qemu_monitor "$1" 'info usb' | sed -n 's/.*ID: \(xenusb-[0-9]*-[0-9]*\).*/\1/p' | sort; }
# qemu_name DEVICE: the id that libxl gives it there.
qemu_name() { echo "xenusb-$(<"$devices/$1/busnum")-$(<"$devices/$1/devnum")"; }
# The process of a guest's QEMU.
qemu_of() { xenstore-read "/local/domain/$(xl domid "$1")/image/device-model-pid"; }
is_gone() { ! xl domid "$1" >/dev/null 2>&1; }
