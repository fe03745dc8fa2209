#!/usr/bin/env bash
# `pvusb watch` on an idle host wakes for nothing: no system call from one change to the next.
#
# strace stands beside a watch on a real C xenstored with the USB side of a world, and beside one on
# a sandbox; after a while without any change the calls since then are counted. Then one change
# wakes it, so that silence is no proof of deafness.
# Usage: scripts/ci.d/70-watch-idle.sh
# Environment: PVUSB the program (default .build/debug/pvusb); CI_SCRATCH an empty directory;
#              PVUSB_IDLE how many seconds to stay idle (default 8).
# Exit codes: 0 it slept and then woke; 1 it did not.
set -euo pipefail

cd "$(dirname "$0")/../.."
pvusb=${PVUSB:-$PWD/.build/debug/pvusb}
scratch=${CI_SCRATCH:-$(mktemp -d)}
idle=${PVUSB_IDLE:-8}
pids=()

stop_all() {
    local pid
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    [[ ! -d $scratch/store ]] || scripts/real-xenstored stop "$scratch/store" >/dev/null || true
    [[ -n ${CI_SCRATCH-} ]] || rm -rf "$scratch"
}
trap stop_all EXIT

fail() {
    echo "${0##*/}: $1" >&2
    exit 1
}

# await TEXT FILE: until a file has a text.
await() {
    local tries=0
    until grep -qF -- "$1" "$2" 2>/dev/null; do
        ((tries += 1)) && ((tries < 600)) || fail "'$1' never came to $2"
        sleep 0.1
    done
}

# watch_idle NAME CHANGE… -- OPTION…: a watch sleeps, and wakes for a change.
watch_idle() {
    local name=$1 change=()
    shift
    while [[ $1 != -- ]]; do
        change+=("$1")
        shift
    done
    shift
    strace -f -o "$scratch/$name.trace" "$pvusb" "$@" watch \
        >"$scratch/$name.out" 2>"$scratch/$name.err" &
    pids+=($!)
    await "watching; interrupt to end" "$scratch/$name.err"
    sleep 1
    local before after
    before=$(wc -l <"$scratch/$name.trace")
    sleep "$idle"
    after=$(wc -l <"$scratch/$name.trace")
    ((after == before)) || {
        sed -n "$((before + 1)),\$p" "$scratch/$name.trace" | head -n 20 >&2
        fail "$name: $((after - before)) system calls in $idle idle seconds"
    }
    "$pvusb" "$@" "${change[@]}" >/dev/null
    await "controller" "$scratch/$name.out"
    echo "$name: 0 system calls in $idle idle seconds, then: $(head -n 1 "$scratch/$name.out")"
}

"$pvusb" sandbox new "$scratch/w.json" 2>/dev/null
watch_idle sandbox controller add pv1 -- --sandbox "$scratch/w.json"

scripts/real-xenstored start c "$scratch/store" >/dev/null
export XENSTORED_PATH=$scratch/store/socket
"$pvusb" sandbox new "$scratch/v.json" 2>/dev/null
"$pvusb" simulate "$scratch/v.json" 2>"$scratch/simulate.err" &
pids+=($!)
await "are played" "$scratch/simulate.err"
watch_idle xenstored controller add pv1 -- --usb "$scratch/v.json"
