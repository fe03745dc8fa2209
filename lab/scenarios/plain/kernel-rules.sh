#!/usr/bin/env bash
# Holds a real kernel to lab/kernel-rules.tsv, the list that the simulated host is held to.
#
# Usage: lab/run plain lab/scenarios/plain/kernel-rules.sh
# Each rule begins with every interface at the driver that a fresh plug gave it, and an empty port table.
# Exit codes: 0 the kernel does as every row says; 1 it does not.
set -euo pipefail
source /pvusb/lab/guest/lab.sh

usb=/sys/bus/usb
declare -A errnos=(["No such device"]=ENODEV ["Device or resource busy"]=EBUSY
    ["No such file or directory"]=ENOENT ["Permission denied"]=EACCES)
declare -A sockets=([1-3]=usb-hub,hub,3 [1-4]=usb-kbd,keyboard,4,serial=LAB-KEYBOARD
    [1-5]=usb-audio,audio,5,audiodev=silence,serial=LAB-AUDIO)
declare -A below_hub=([mouse]=usb-mouse,mouse,3.1,serial=LAB-MOUSE
    [tablet]=usb-tablet,tablet,3.2,serial=LAB-TABLET
    [serial]=usb-serial,serial,3.3,chardev=nowhere,always-plugged=on,serial=LAB-SERIAL)
held=''

# write FILE TEXT: one write(2), to a file that is there; prints the errno's name, or ok. The text
# has printf's escapes.
write() {
    local said
    printf '%b' "$2" >/run/text
    if said=$(dd if=/run/text of="$usb/$1" bs=4096 conv=nocreat,notrunc status=none 2>&1); then
        echo ok
    else
        said=${said##*: }
        echo "${errnos[$said]:-$said}"
    fi
}

# What a row's words stand for; prints the errno's name, or ok.
act() {
    local verb=$1
    shift
    case $verb in
        bind | unbind) write "drivers/$1/$verb" "${2-}" ;;
        probe) write drivers_probe "$1" ;;
        write) write "$1" "$2" ;;
        port) set_port "$1" "${2-}" ;;
        use) hold "$1" ;;
        unload) rmmod "$1" && echo ok ;;
        unplug | plug) "${verb}_device" "$1" && echo ok ;;
        *) fail "no such action: $verb" ;;
    esac
}

# The port names the device, or none any more.
set_port() {
    local busid
    if [[ -n $2 ]]; then
        write drivers/usbback/feed "set $2:1:0:$1 2"
    else
        IFS=: read -r busid _ <"$drivers/usbback/port_ids"
        write drivers/usbback/feed "clear $busid"
    fi
}

# Somebody reads the disk of a storage device.
hold() {
    local disk
    disk=$(basename "$devices/$1:1.0"/host*/target*/*/block/*)
    exec {held}<"/dev/$disk"
    echo ok
}

unplug_device() {
    case $1 in
        3-1) unplug_gadget 0 ;;
        *) unplug "$(cut -d , -f 2 <<<"${sockets[$1]}")" ;;
    esac
    wait_for "$1 to go" [ ! -e "$devices/$1" ]
}

plug_device() {
    case $1 in
        3-1) plug_gadget 0 ;;
        *) plug "${sockets[$1]}" ;;
    esac
    wait_for "$1 to come" [ -e "$devices/$1/bConfigurationValue" ]
}

# ---- a row ----

# changes BEFORE AFTER: as the list has them, in the order of the names.
changes() {
    local name driver
    local -A was=() is=() changed=()
    while IFS='=' read -r name driver; do was[$name]=$driver; done <<<"$1"
    while IFS='=' read -r name driver; do is[$name]=$driver; done <<<"$2"
    for name in "${!was[@]}"; do
        [[ ${is[$name]-gone} == "${was[$name]}" ]] || changed[$name]=${is[$name]-gone}
    done
    for name in "${!is[@]}"; do
        [[ -n ${was[$name]-} ]] || changed[$name]=${is[$name]}
    done
    ((${#changed[@]})) || { echo - && return; }
    for name in "${!changed[@]}"; do echo "$name=${changed[$name]}"; done | LC_ALL=C sort | paste -sd ' '
}

has_changed_to() { [[ $(changes "$before" "$(links)") == "$1" ]]; }

check_row() {
    local rule=$1 given=$2 action=$3 errno=$4 wanted=$5 step steps said
    IFS=';' read -r -a steps <<<"${given#-}"
    for step in "${steps[@]}"; do
        # shellcheck disable=SC2086 # a step is words
        said=$(act $step)
        [[ $said == ok ]] || { complain "$rule: given '$step': $said"; return; }
    done
    before=$(links)
    # shellcheck disable=SC2086
    said=$(act $action)
    [[ $said == "$errno" ]] || complain "$rule: '$action' answers $said, the list says $errno"
    # What a plug sets off takes its time; everything else has happened.
    if [[ $action == *plug* ]]; then (PATIENCE=20 wait_for x has_changed_to "$wanted") 2>/dev/null || true; fi
    has_changed_to "$wanted" || complain "$rule: '$action' changed $(changes "$before" "$(links)")," \
        "the list says $wanted"
}

complain() {
    echo "$*"
    wrong=$((wrong + 1))
}

# ---- back to the beginning ----

go_home() {
    local device line name driver
    [[ -z $held ]] || { exec {held}<&-; held=''; }
    [[ -d $drivers/usbhid ]] || modprobe usbhid
    for line in $(links); do
        [[ $line != *=usbback ]] || echo "${line%=*}" >"$drivers/usbback/unbind"
    done
    while read -r line && [[ -n $line ]]; do echo "clear ${line%%:*}" >"$drivers/usbback/feed"; done \
        <<<"$(<"$drivers/usbback/port_ids")"
    for device in 1-3 1-4 1-5 3-1; do
        [[ -e $devices/$device ]] || plug_device "$device"
    done
    [[ -e $devices/1-3.1 || -e $devices/1-3.2 ]] || for device in mouse tablet serial; do
        plug "${below_hub[$device]}"
    done
    is_home || rebind_all
    wait_for "the drivers of the beginning" is_home
}

is_home() { [[ $(links) == "$home" ]]; }

# Everything of a device that is not as it was is taken from its drivers, then all is probed.
rebind_all() {
    local line name driver now
    now=$(links)
    for line in $home; do
        name=${line%=*}
        [[ $now == *"$line"* ]] || spoiled+=" ${name%%:*}"
    done
    for line in $home; do
        name=${line%=*}
        [[ " $spoiled " == *" ${name%%:*} "* ]] || continue
        driver=$(driver_of "$name")
        [[ $driver == - ]] || echo "$name" >"$drivers/$driver/unbind"
    done
    for line in $home; do
        [[ ! -e $devices/${line%=*} ]] || echo "${line%=*}" >"$usb/drivers_probe"
    done
    spoiled=''
}

load_usb
make_gadgets
home=$(links)
say "$(wc -l <<<"$home") interfaces"
rules=0 wrong=0 spoiled=''
while IFS=$'\t' read -r -u 9 rule given action errno wanted; do
    [[ $rule != '#'* ]] || continue
    check_row "$rule" "$given" "$action" "$errno" "$wanted"
    say "$rule"
    rules=$((rules + 1))
    go_home
done 9<"${FILES_RULES:-/pvusb/lab/kernel-rules.tsv}"
say "$rules rules, $wrong wrong"
[[ $wrong == 0 ]]
