#!/usr/bin/env bash
# The plain lab: one archive that the kernel unpacks and runs from; sourced by lab/build.

build_plain() {
    local made_of tree image=$cache/plain/initrd.gz
    made_of=$(fingerprint "$lab/lib/images.sh" "$lab/lib/image-plain.sh" "$cache/userland/packages" \
        "$(xenstored_root)/packages" "$project/scripts/lib/xenstored-shim.c" \
        "$cache/modules/usbback/usbback.ko.made-of")
    is_current "$image" "$made_of" && return
    tree=$(mktemp -d "$cache/plain/tree.XXXXXX")
    add_busybox "$tree"
    add_userland "$tree"
    add_xenstored "$tree"
    copy_modules "$tree" "${usb_modules[@]}" "${gadget_modules[@]}" "${channel_modules[@]}"
    cp "$cache/modules/usbback/usbback.ko" "$tree/lib/modules/"
    pack "$tree" "$image"
    echo "$made_of" >"$image.made-of"
    rm -rf "$tree"
}

xenstored_root() { echo "${XDG_CACHE_HOME:-$HOME/.cache}/pvusb-xenstored"; }

# Programs and libraries, without what only people read.
add_userland() {
    cp -a "$cache/userland/." "$1/"
    rm -rf "$1"/packages "$1"/usr/share "$1"/usr/lib/x86_64-linux-gnu/{gconv,audit} "$1"/etc/*
    printf 'root:x:0:0::/root:/bin/bash\n' >"$1/etc/passwd"
    ln -s bash "$1/bin/sh"
}

# The real xenstored, where scripts/real-xenstored looks for it.
add_xenstored() {
    local from root=$1/root/.cache/pvusb-xenstored
    from=$(xenstored_root)
    mkdir -p "$root/usr/lib/xen-$xen_version/bin" "$root/usr/bin" "$root/etc/xen"
    cp "$from/packages" "$from"/shim-*.so "$root/"
    cp "$from/usr/lib/xen-$xen_version/bin/xenstored" "$root/usr/lib/xen-$xen_version/bin/"
    cp -a "$from"/usr/bin/xenstore* "$root/usr/bin/"
    cp "$from/etc/xen/oxenstored.conf" "$root/etc/xen/"
    mkdir -p "$root/usr/lib/x86_64-linux-gnu"
    cp -a "$from"/usr/lib/x86_64-linux-gnu/*.so.* "$root/usr/lib/x86_64-linux-gnu/"
}
