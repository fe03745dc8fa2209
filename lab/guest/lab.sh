#!/usr/bin/env bash
# What a script in the lab is given; sourced at its start: `source /pvusb/lab/guest/lab.sh`.

export OUT=/out
mkdir -p "$OUT"
devices=/sys/bus/usb/devices
drivers=/sys/bus/usb/drivers

uptime_now() { echo "$(cut -d ' ' -f 1 /proc/uptime) s after the start"; }

say() { echo "--- $* ($(uptime_now))"; }

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# wait_for WHAT COMMAND…: until the command succeeds. The kernel tells nobody when a link in sysfs
# changes, so it is asked again and again; a minute is long even on a busy machine.
wait_for() {
    local what=$1 deadline=$((SECONDS + ${PATIENCE:-60}))
    shift
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < deadline)) || fail "waited for $what"
        sleep 0.1
    done
}

# ---- the host's monitor ----

# port NAME: the device of a channel to the host.
port() {
    local name
    for name in /sys/class/virtio-ports/*/name; do
        [[ $(<"$name") == "$1" ]] && echo "/dev/$(basename "$(dirname "$name")")"
    done
}

# monitor COMMAND: says a line to QEMU's monitor; what it answers is an error.
monitor() {
    local line id=$RANDOM$RANDOM answer
    exec {channel}<>"$(port lab.monitor)"
    # Before its first command the monitor wants this one; later it answers it with an error.
    printf '{"execute":"qmp_capabilities"}\n' >&"$channel"
    printf '{"execute":"human-monitor-command","arguments":{"command-line":"%s"},"id":%s}\n' \
        "$1" "$id" >&"$channel"
    while read -r -t 60 -u "$channel" line; do
        [[ $line == *'"id": '"$id"* ]] && break
    done
    exec {channel}>&-
    answer=$(jq -r '.return // .error.desc' <<<"$line" | tr -d '\r')
    [[ -z $answer ]] || fail "monitor: $1: $answer"
}

# unplug ID: pulls an emulated device; plug DRIVER,ID,SOCKET[,PROPERTY…] puts one in.
unplug() { monitor "device_del $1"; }
plug() {
    local driver id socket properties
    IFS=, read -r driver id socket properties <<<"$1"
    monitor "device_add $driver,id=$id,bus=xhci.0,port=$socket${properties:+,$properties}"
}

# ---- what sysfs shows ----

# Who has which interface, one a line, a dash for nobody: all, or those of the devices named. No
# program is called for it: in an emulated machine each one costs.
links() (
    for path in "$devices"/*:*; do
        name=${path##*/}
        (($# == 0)) || [[ " $* " == *" ${name%%:*} "* ]] || continue
        driver=-
        if cd -P "$path/driver" 2>/dev/null; then driver=${PWD##*/}; fi
        echo "$name=$driver"
    done
)

driver_of() (
    cd -P "$devices/$1/driver" 2>/dev/null || { echo - && return; }
    echo "${PWD##*/}"
)

# with_serial SERIAL: the bus id of the device that has it.
with_serial() {
    local path serial
    for path in "$devices"/*/serial; do
        { read -r serial <"$path"; } 2>/dev/null || continue
        [[ $serial == "$1" ]] || continue
        path=${path%/serial}
        echo "${path##*/}"
        return
    done
    return 1
}

# ---- the devices ----

# The lab's drivers in a fixed order, so that buses have the same numbers each time. usbback comes
# first: of several drivers that would take an interface the kernel asks the one loaded first.
load_usb() {
    local name
    modprobe usbcore
    [[ ${USBBACK:-first} != first ]] || load_usbback
    for name in usb_storage uas sd_mod usbhid hid_generic ftdi_sio cdc_acm cdc_ether cdc_ncm \
        rndis_host snd_usb_audio xhci_pci; do
        modprobe "$name"
    done
    wait_for "the emulated devices" devices_are_there
}

load_usbback() { [[ -d $drivers/usbback ]] || insmod /lib/modules/usbback.ko; }

devices_are_there() {
    local line now
    now=$(links)
    for line in 1-2:1.0=usb-storage 1-3.1:1.0=usbhid 1-3.2:1.0=usbhid 1-3.3:1.0=ftdi_sio \
        1-4:1.0=usbhid 1-5:1.1=snd-usb-audio 1-6:1.1=cdc_ether 1-7:1.0=uas 2-1:1.0=usb-storage; do
        [[ $now == *"$line"* ]] || return 1
    done
}

# ---- gadgets ----

# Devices that the kernel pretends to be, for drivers that QEMU has no device for. Each has a bus of
# its own: 3-1 is a modem and a disk, 4-1 a network card, 5-1 a keyboard that makes music.
make_gadgets() {
    [[ ! -d /sys/kernel/config/usb_gadget ]] || return 0
    modprobe dummy_hcd num=3
    modprobe libcomposite
    mount -t configfs none /sys/kernel/config 2>/dev/null || true
    truncate -s 4M /run/gadget-disk
    make_gadget 0 LAB-MODEM acm.0 mass_storage.0
    make_gadget 1 LAB-NCM ncm.0
    make_gadget 2 LAB-MIDI midi.0
    wait_for "the gadgets" gadgets_are_there
}

# make_gadget NUMBER SERIAL FUNCTION…
make_gadget() {
    local number=$1 place=/sys/kernel/config/usb_gadget/g$1 function
    mkdir "$place"
    mkdir "$place/strings/0x409" "$place/configs/c.1"
    echo 0x1d6b >"$place/idVendor"
    echo "0x010$number" >"$place/idProduct"
    echo "$2" >"$place/strings/0x409/serialnumber"
    shift 2
    for function in "$@"; do
        mkdir "$place/functions/$function"
        ln -s "$place/functions/$function" "$place/configs/c.1/"
    done
    [[ ! -d $place/functions/mass_storage.0 ]] \
        || echo /run/gadget-disk >"$place/functions/mass_storage.0/lun.0/file"
    plug_gadget "$number"
}

plug_gadget() { echo "dummy_udc.$1" >"/sys/kernel/config/usb_gadget/g$1/UDC"; }
unplug_gadget() { echo >"/sys/kernel/config/usb_gadget/g$1/UDC"; }

gadgets_are_there() {
    [[ $(links 3-1 4-1 5-1 | grep -vc '=-') == 7 ]]
}

# ---- the store ----

# A real xenstored with Debian's own clients in PATH, and a living domain 1 called pv1.
start_xenstored() {
    local packages=/root/.cache/pvusb-xenstored client
    [[ -S /run/xs/socket ]] || /pvusb/scripts/real-xenstored start c /run/xs >/dev/null
    export XENSTORED_PATH=/run/xs/socket
    mkdir -p /usr/local/bin
    for client in "$packages"/usr/bin/xenstore-*; do
        printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s "$@"\n' "$packages/usr/lib/x86_64-linux-gnu" \
            "$client" >"/usr/local/bin/${client##*/}"
        chmod +x "/usr/local/bin/${client##*/}"
    done
    touch /run/xs/dom/1
}

# Domain 1 and what plays its devices; each change at its backends is answered by itself.
play_domain() {
    local domain=/local/domain/1
    xenstore-write $domain/name pv1 $domain/domid 1 $domain/vm /vm/1-2-3 $domain/device '' \
        /libxl/1/type pv /libxl/1/dm-version qemu_xen /libxl/1/device ''
    xenstore-chmod $domain n0 r1
    xenstore-chmod $domain/device n0 r1
    /pvusb/lab/guest/backend 2>"$OUT/backend.log" &
    backend=$!
    trap 'kill "$backend"' EXIT
}

# Everybody's nodes, in an order that is always the same.
store_nodes() { xenstore-ls -fp | LC_ALL=C sort; }

# ---- Xen's guests ----

guest_log() { tr -d '\r' <"/var/log/xen/console/guest-$1.log" 2>/dev/null; }
guest_says() { grep -q "$2" "/var/log/xen/console/guest-$1.log" 2>/dev/null; }

# start_guest NAME pv|pvh [LINE …]: a guest of the lab's kernel, and lines for xl's configuration;
# returns when it takes commands, or, with GUEST=begins, when its driver begins to look for controllers.
# Its kernel is quiet: a warning would get into what a command says.
start_guest() {
    local name=$1 type=$2
    shift 2
    cat >"/run/$name.cfg" <<END
name = "$name"
type = "$type"
kernel = "/guest/vmlinux"
ramdisk = "/guest/guest.gz"
extra = "console=hvc0 loglevel=3"
memory = 256
vcpus = 1
on_crash = "preserve"
END
    printf '%s\n' "$@" >>"/run/$name.cfg"
    rm -f "/var/log/xen/console/guest-$name.log"
    xl create -q "/run/$name.cfg"
    PATIENCE=180 wait_for "$name to be there" guest_says "$name" "guest: ${GUEST:-ready}"
}

# guest NAME COMMAND: runs a line in a guest, prints what it said there, and ends as it did.
guest() {
    local name=$1 token=$RANDOM$RANDOM tty
    tty=$(xenstore-read "/local/domain/$(xl domid "$name")/console/tty")
    printf 'echo "guest: runs %s"; %s; echo "guest: done $? %s"\n' "$token" "$2" "$token" >"$tty"
    wait_for "$name to run '$2'" guest_says "$name" "^guest: done [0-9]* $token"
    guest_log "$name" | sed -n "/^guest: runs $token/,/^guest: done [0-9]* $token/p" | sed '1d;$d'
    guest_says "$name" "^guest: done 0 $token"
}
