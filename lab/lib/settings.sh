#!/usr/bin/env bash
# Where things are and what they are called; sourced by lab/fetch, lab/build and lab/run.

lab=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
project=$(dirname "$lab")
cache=${PVUSB_LAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pvusb-lab}
xen_version=4.17
PATH=$PATH:/usr/sbin:/sbin

fail() {
    echo "${0#"$project"/}: $1" >&2
    exit 1
}

usage() {
    echo "${0##*/}: $1" >&2
    sed -n 's/^# Usage:/usage:/p' "$0" >&2
    exit 2
}

use_kind() {
    [[ $1 == plain || $1 == xen ]] || usage "the lab is plain or xen, not '$1'"
    kind=$1
}

# The release of the kernel that was fetched, such as 6.1.0-56-amd64.
kernel_release() {
    [[ -s $cache/kernel-release ]] || fail "there is no kernel in $cache: run lab/fetch"
    cat "$cache/kernel-release"
}

headers() { echo "$cache/kernel/usr/src/linux-headers-$(kernel_release)"; }

# fingerprint FILE…: changes when one of them does.
fingerprint() { cat "$@" | sha256sum | cut -c 1-16; }
