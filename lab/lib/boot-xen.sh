#!/usr/bin/env bash
# How the Xen lab starts; sourced by lab/run.

# A comma is doubled within a value of QEMU's.
dom0_arguments="console=hvc0 loglevel=4 panic=-1 ${arguments:-} lab.scripts=$scripts"
machine+=(-m 3072
    -drive "if=none,id=disk,file=$cache/xen/disk.ext4,format=raw,snapshot=on"
    -device virtio-blk-pci,drive=disk
    -kernel "$cache/xen/xen"
    -append "console=com1 com1=115200,8n1 dom0_mem=1024M,max:1024M dom0_max_vcpus=2 loglvl=all guest_loglvl=all"
    -initrd "$cache/vmlinux ${dom0_arguments//,/,,},initrd")
