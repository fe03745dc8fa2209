#!/usr/bin/env bash
# What the lab's checks of scripts/ci.d have in common; sourced from the package's root.

# fetch_lab KIND: ends the check when the lab cannot be had here: well, unless PVUSB_REQUIRE names it.
fetch_lab() {
    local said
    said=$(lab/fetch "$1" 2>&1) && return
    if [[ ",${PVUSB_REQUIRE-}," == *,lab,* ]]; then
        echo "PVUSB_REQUIRE names lab, which cannot be had: $said" >&2
        exit 1
    fi
    echo "skipped: $said"
    exit 0
}
