#!/usr/bin/env bash
# What the lab's checks of scripts/ci.d have in common; sourced from the package's root.

# fetch_lab KIND: gets what the lab needs, if PVUSB_REQUIRE asks for the lab; else ends the check, well.
#
# A boot takes minutes on a machine without hardware help, and a busy machine makes it many.
fetch_lab() {
    if [[ ",${PVUSB_REQUIRE-}," != *,lab,* ]]; then
        echo "skipped: PVUSB_REQUIRE does not name lab"
        exit 0
    fi
    local said
    said=$(lab/fetch "$1" 2>&1) && return
    echo "PVUSB_REQUIRE names lab, which cannot be had: $said" >&2
    exit 1
}
