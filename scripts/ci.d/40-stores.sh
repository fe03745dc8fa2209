#!/usr/bin/env bash
# Our store client in several processes beside a real C xenstored and a real oxenstored.
#
# Usage: 40-stores.sh   (PVUSB and CI_SCRATCH as for every check; needs strace)
# It shows: one winner a compare-and-swap, commits in a crowd, time-outs, a server killed in a
# transaction, one send a batch, nobody delayed by a client that stands still.
set -euo pipefail
cd "$(dirname "$0")/../.."
export CI_SCRATCH=${CI_SCRATCH:-$(mktemp -d)}
# shellcheck source=scripts/lib/store-shows.sh
source scripts/lib/store-shows.sh

check() {
    echo "$1"
    compare_and_swap "$2"
    create_children "$2"
    one_send_a_batch "$2"
    slow_neighbour "$2"
    stopped_server "$2" "$3"
    killed_server "$1"
}

if [[ -z ${PVUSB_TEST_C_XENSTORED:-} ]]; then exec scripts/with-stores "$0"; fi
check c "$PVUSB_TEST_C_XENSTORED" "$PVUSB_TEST_C_XENSTORED_PID"
check oxenstored "$PVUSB_TEST_OXENSTORED" "$PVUSB_TEST_OXENSTORED_PID"
