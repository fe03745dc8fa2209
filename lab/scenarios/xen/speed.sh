#!/usr/bin/env bash
# How long pvusb's commands take and how much they ask of xenstored, beside xl's, in the same domain 0
# and the same minute: list, attach and detach on a controller of kind qusb, with one guest and with
# 200 more that are made up.
#
# Usage: lab/run xen [-a lab.rounds=20] lab/scenarios/xen/speed.sh
# Times are medians in milliseconds of rounds in which xl and pvusb take turns; what was asked of
# xenstored is counted once, in a run under strace: the messages (ASKS), and in how many calls they
# were sent (SENDS). xl waits for each answer before it asks again; pvusb sends together what it wants
# to know, and keeps a record that xl does not keep. Judged are the calls.
# xl returns when the port is written; pvusb when QEMU has the device open, or has closed it and the
# host's drivers have it. Judged is the time until it is really so (DONE). Guests are named by number: a
# name costs pvusb a message a guest, where xl asks Xen.
# Exit codes: 0 no command of pvusb's is later done or sends more often than xl's; 1 one is or does.
set -euo pipefail
source /pvusb/lab/guest/xl.sh

tools=/pvusb/lab/guest
rounds=$(sed -n 's/.*lab\.rounds=\([0-9]*\).*/\1/p' /proc/cmdline)
rounds=${rounds:-20}
declare -A samples=() ends=() requests=() sendings=()

# The commands, by tool and by what they do; where the device is in between is waited for.
command_of() {
    case $1-$2 in
        xl-list) echo xl usb-list "$domid" ;;
        pvusb-list) echo pvusb list "$domid" ;;
        xl-attach) echo xl usbdev-attach "$domid" "$(address 1-2)" ;;
        pvusb-attach) echo pvusb attach "$domid" 1-2 ;;
        xl-detach) echo xl usbdev-detach "$domid" 0 1 ;;
        pvusb-detach) echo pvusb detach 1-2 ;;
    esac
}

# with DRIVER: waits until the driver has the stick, without starting a program, which takes longer
# here than what is measured.
with() {
    local deadline=$((SECONDS + 60))
    until [[ $devices/1-2:1.0/driver -ef /sys/bus/usb/drivers/$1 ]]; do
        ((SECONDS < deadline)) || fail "waited for $1 to have 1-2"
        read -rt 0.01 -u "$never" || true
    done
}

# After xl has returned nothing is done yet.
settle() {
    case $1 in
        attach) with usbfs ;;
        detach) with usb-storage ;;
    esac
}

# measure TOOL WHAT: one run, in microseconds, until it returns and until it is so. For both tools it is
# watched from the beginning whether it is so: a processor that is awake hears of things earlier.
measure() {
    local from so returned code words
    read -r -a words <<<"$(command_of "$1" "$2")"
    from=${EPOCHREALTIME/./}
    {
        code=0
        "${words[@]}" >/run/said 2>&1 || code=$?
        echo "$code ${EPOCHREALTIME/./}" >/run/returned
    } &
    settle "$2"
    so=${EPOCHREALTIME/./}
    wait $!
    read -r code returned </run/returned
    [[ $code == 0 ]] || fail "${words[*]}: $(</run/said)"
    [[ $2 != list ]] || so=$returned
    samples[$1-$2]+=" $((returned - from))"
    ends[$1-$2]+=" $(((so > returned ? so : returned) - from))"
}

count() {
    local words
    read -r -a words <<<"$(command_of "$1" "$2")"
    strace -f --seccomp-bpf -qq -xx -s 1000000 -o /run/trace -e trace=connect,sendmsg,sendto,write,writev \
        "${words[@]}" >/run/said 2>&1 || fail "${words[*]} under strace: $(</run/said)"
    settle "$2"
    say "counted $1 $2"
    read -r "requests[$1-$2]" "sendings[$1-$2]" <<<"$(python3 "$tools/requests.py" /run/trace)"
    cp /run/trace "$OUT/trace-$guests-$1-$2"
}

median() { printf '%s\n' $1 | sort -n | awk '{ v[NR] = $1 } END { printf "%d", (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2000 }'; }

# compare WHAT: a line, and whether pvusb is no worse.
compare() {
    local xl pvusb verdict=''
    xl=$(median "${ends[xl-$1]}") pvusb=$(median "${ends[pvusb-$1]}")
    ((pvusb <= xl)) || verdict+=' later done'
    ((sendings[pvusb-$1] <= sendings[xl-$1])) || verdict+=' sends more often'
    printf "$row" "$1" "$guests" "$(median "${samples[xl-$1]}")" "$xl" \
        "$(median "${samples[pvusb-$1]}")" "$pvusb" "${requests[xl-$1]}" "${sendings[xl-$1]}" \
        "${requests[pvusb-$1]}" "${sendings[pvusb-$1]}" "${verdict:-as good or better}" \
        | tee -a "$OUT/speed"
    [[ -z $verdict ]] || worse=yes
}

compare_all() {
    local round tool what
    samples=() ends=() requests=() sendings=()
    for tool in xl pvusb; do
        for what in list attach detach; do count "$tool" "$what"; done
    done
    for ((round = 0; round < rounds; round++)); do
        for tool in xl pvusb; do
            for what in list attach detach; do measure "$tool" "$what"; done
        done
    done
    say "measured $rounds rounds"
    for what in list attach detach; do compare "$what"; done
}

load_usb
mkfifo /run/never
exec {never}<>/run/never
start_guest pv1 pv 'usbctrl = [ "type=qusb,version=2,ports=8" ]'
wait_for "its controller" is_connected pv1
say "the guest is ready; medians of $rounds"
domid=$(xl domid pv1)
worse=''
row='%-7s%7s%8s%9s%10s%12s%9s%10s%12s%13s  %s\n'
printf "$row" WHAT GUESTS 'XL MS' 'XL DONE' 'PVUSB MS' 'PVUSB DONE' 'XL ASKS' 'XL SENDS' 'PVUSB ASKS' \
    'PVUSB SENDS' '' | tee "$OUT/speed"
guests=1
compare_all
python3 "$tools/made_up.py" 200 8
say "200 more"
guests=201
compare_all
cat "$OUT/speed"
[[ -z $worse ]] || fail "pvusb is later done than xl, or sends more often to xenstored"
