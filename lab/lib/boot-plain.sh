#!/usr/bin/env bash
# How the plain lab starts; sourced by lab/run.

machine+=(-m 1024 -kernel "$cache/vmlinux" -initrd initrd
    -append "console=ttyS0 loglevel=4 panic=-1 no_timer_check ${arguments:-} lab.scripts=$scripts")
