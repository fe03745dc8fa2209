#!/usr/bin/env bash
# What several processes of our store client do beside a real xenstored; sourced by
# scripts/ci.d/40-stores.sh. Each function is told a socket and the server's process id.

probe=${PROBE:-$(dirname "${PVUSB:-.build/debug/pvusb}")/StoreProbe}

fail() {
    echo "FAILED: $1" >&2
    exit 1
}

# start_all COUNT WORD…: that many probes at once; their outputs, one a line.
start_all() {
    local count=$1 socket=$2 index pids=()
    shift 2
    for ((index = 0; index < count; index++)); do
        "$probe" "$socket" "$@" >"$CI_SCRATCH/out.$index" &
        pids+=($!)
    done
    "$probe" "$socket" go
    for index in "${pids[@]}"; do wait "$index" || fail "a probe of '$*' ended in an error"; done
    cat "$CI_SCRATCH"/out.*
    rm -f "$CI_SCRATCH"/out.*
}

total() { awk '{ sum += $1 } END { print sum + 0 }'; }

compare_and_swap() {
    local wins
    "$probe" "$1" prepare 150
    wins=$(start_all 6 "$1" cas 150 | total)
    [[ $wins == 150 ]] || fail "6 processes won $wins of 150 rounds"
    echo "  compare-and-swap: 6 processes, 150 rounds, $wins winners"
}

create_children() {
    local tries commits=$((8 * 40))
    "$probe" "$1" prepare 0
    tries=$(start_all 8 "$1" children 40 | total)
    ((tries <= 3 * commits)) || fail "$commits commits took $tries tries"
    echo "  8 clients creating children: $commits commits, $tries tries"
}

# Every public call of a stopped server ends in its time-out; when it goes on, so do they.
stopped_server() {
    local socket=$1 pid=$2 said call
    kill -STOP "$pid"
    said=$(PROBE_TIMEOUT=300 "$probe" "$socket" calls) || { kill -CONT "$pid"; fail "calls"; }
    kill -CONT "$pid"
    for call in perform transaction domainPath isIntroduced features; do
        grep -Eq "^$call: xenstored (did not answer in time|at .* accepts no connection)$" \
            <<<"$said" || fail "with a stopped server: $said"
    done
    said=$("$probe" "$socket" calls)
    ! grep -Eqv ': done$' <<<"$said" || fail "with the server going on: $said"
    echo "  kill -STOP: 5 calls ended in their time-out; -CONT: all calls work"
}

# One sendmsg for a batch: strace sees the probe send one batch of 64 requests.
one_send_a_batch() {
    local sends
    strace -f -qq -e trace=sendmsg,write,sendto -e signal=none -o "$CI_SCRATCH/trace" \
        "$probe" "$1" batch 64 >/dev/null
    sends=$(grep -c sendmsg "$CI_SCRATCH/trace")
    [[ $sends == 1 ]] || fail "a batch of 64 requests took $sends sends"
    echo "  strace: a batch of 64 requests left with one sendmsg"
}

# A client of ours that is stopped in the middle of a long batch delays nobody.
slow_neighbour() {
    local socket=$1 slow seconds
    "$probe" "$socket" batch 2000000 >/dev/null &
    slow=$!
    "$probe" "$socket" batch 2000 >/dev/null
    kill -STOP "$slow"
    seconds=$(PROBE_TIMEOUT=5000 timeout 10 "$probe" "$socket" batch 2000) \
        || { kill -KILL "$slow"; fail "a probe beside a stopped client did not end"; }
    kill -KILL "$slow"
    wait "$slow" 2>/dev/null || true
    echo "  beside a stopped client of ours, 2000 reads took $seconds s"
}

# killed_server KIND: kill -9 in a transaction: an error, then a new server, nothing half-written.
killed_server() {
    local kind=$1 dir=$CI_SCRATCH/killed line in out process
    scripts/real-xenstored start "$kind" "$dir" >/dev/null
    coproc PROBE_PROCESS { "$probe" "$dir/socket" half; }
    process=$PROBE_PROCESS_PID
    # Numbers of our own: bash closes its ones as soon as the process ends.
    exec {in}<&"${PROBE_PROCESS[0]}" {out}>&"${PROBE_PROCESS[1]}"
    read -r line <&"$in"
    [[ $line == ready ]] || fail "the probe said '$line'"
    kill -KILL "$(cat "$dir/pid")"
    scripts/real-xenstored stop "$dir" >/dev/null 2>&1 || true
    echo >&"$out"
    read -r line <&"$in"
    [[ $line == "xenstored closed the connection"* ]] || fail "after kill -9: '$line'"
    scripts/real-xenstored start "$kind" "$dir" >/dev/null
    echo >&"$out"
    read -r line <&"$in"
    scripts/real-xenstored stop "$dir" >/dev/null
    [[ $line == ENOENT ]] || fail "after the restart: '$line'"
    wait "$process" 2>/dev/null || true
    exec {in}<&- {out}>&-
    echo "  kill -9 in a transaction: an error, the next call reconnects, nothing half-written"
}
