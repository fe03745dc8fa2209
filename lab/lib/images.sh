#!/usr/bin/env bash
# What both labs' images are made with; sourced by lab/build.

# USB host controllers and the drivers of the lab's devices, then the gadgets that pretend to be more.
usb_modules=(xhci_pci usb_storage uas sd_mod usbhid hid_generic usbserial ftdi_sio cdc_acm cdc_ether
    cdc_ncm rndis_host snd_usb_audio evdev)
gadget_modules=(dummy_hcd libcomposite configfs usb_f_acm usb_f_ncm usb_f_ecm usb_f_midi
    usb_f_mass_storage usb_f_hid)
# The channels to the host: the results, and QEMU's monitor.
channel_modules=(virtio_pci virtio_console)

build_log() { echo "$cache/$kind/build.log"; }

# is_current FILE FINGERPRINT: tells whether a product was made from the same things.
is_current() { [[ -s $1 && $(cat "$1.made-of" 2>/dev/null) == "$2" ]]; }

# The kernel as an ELF file: nobody has to unpack it at each boot, which takes seconds here.
build_kernel() {
    local packed offset
    packed=$cache/kernel/boot/vmlinuz-$(kernel_release)
    is_current "$cache/vmlinux" "$packed" && return
    offset=$(LC_ALL=C grep -aobP -m 1 '\xFD7zXZ\x00' "$packed" | head -n 1 | cut -d : -f 1)
    [[ -n $offset ]] || fail "$packed is not packed with xz"
    # What follows the kernel is no part of it; xz says so, and is not asked.
    tail -c +$((offset + 1)) "$packed" | xz -dcq --single-stream >"$cache/vmlinux.new" 2>/dev/null || true
    [[ $(head -c 4 "$cache/vmlinux.new" | tail -c 3) == ELF ]] || fail "$packed holds no ELF file"
    mv "$cache/vmlinux.new" "$cache/vmlinux"
    echo "$packed" >"$cache/vmlinux.made-of"
}

# build_module NAME SOURCE: a kernel module of one file.
build_module() {
    local name=$1 source=$2 place=$cache/modules/$1 made_of
    made_of=$(fingerprint "$source" <(kernel_release))
    is_current "$place/$name.ko" "$made_of" && return
    rm -rf "$place"
    mkdir -p "$place"
    cp "$source" "$place/$name.c"
    echo "obj-m += $name.o" >"$place/Makefile"
    make -C "$(headers)" M="$place" modules >"$place/log" 2>&1 \
        || { tail -n 20 "$place/log" >&2; fail "$name does not compile"; }
    strip --strip-debug "$place/$name.ko"
    echo "$made_of" >"$place/$name.ko.made-of"
}

# copy_modules TREE NAME…: modules of the kernel and all that they need.
copy_modules() {
    local tree=$1 release path
    release=$(kernel_release)
    shift
    mkdir -p "$tree/lib/modules/$release"
    cp "$cache/kernel/lib/modules/$release"/modules.{builtin,builtin.modinfo,order} "$tree/lib/modules/$release/"
    { printf '%s\n' "$@" | while read -r name; do
        modprobe -d "$cache/kernel" -S "$release" --show-depends --ignore-install "$name" \
            || fail "the kernel has no module $name"
    done; } | sed -n 's/^insmod \([^ ]*\).*/\1/p' | sort -u | while read -r path; do
        install -D -m 644 "$path" "$tree/${path#"$cache/kernel/"}"
    done
    depmod -b "$tree" "$release"
}

# add_busybox TREE: all its programs, in a directory of their own.
add_busybox() {
    local program
    mkdir -p "$1"/{busybox,dev,proc,sys,run,tmp,root,etc}
    cp "$(command -v busybox)" "$1/busybox/busybox"
    busybox --list | while read -r program; do
        [[ $program == busybox ]] || ln -s busybox "$1/busybox/$program"
    done
}

# pack TREE FILE: as an archive that the kernel unpacks at its start.
pack() {
    (cd "$1" && find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0) | gzip -1 >"$2.new"
    mv "$2.new" "$2"
}
