#!/usr/bin/env bash
# Sets `program` to the static pvusb of this tree, built as it is released; sourced from the package's
# root. What is up to date is not built again.

program=$PWD/.build-release/release/pvusb
swift build -c release --product pvusb --scratch-path .build-release -Xswiftc -static-executable \
    </dev/null >&2
