#!/usr/bin/env bash
# The Xen lab: the hypervisor, a disk with Debian's tools for domain 0, and a guest; sourced by
# lab/build.

# What domain 0 runs; its QEMU is the one with Xen's USB backend in it.
dom0_packages=(xen-utils-$xen_version xen-utils-common xenstore-utils qemu-system-xen seabios kmod
    iproute2 procps strace busybox-static python3-minimal jq util-linux)
dom0_modules=(virtio_blk ext4 xenfs xen-privcmd xen-evtchn xen-gntdev xen-gntalloc)
guest_modules=(usb_storage uas sd_mod usbhid hid_generic usbserial ftdi_sio cdc_acm cdc_ether
    snd_usb_audio evdev xenfs xhci_pci)

build_xen() {
    build_module xen-hcd "$cache/xen-hcd.c"
    gunzip -c "$cache/hypervisor/boot/xen-$xen_version-amd64.gz" >"$cache/xen/xen"
    build_loader
    build_guest
    build_disk
}

# Finds the disk and goes on from there.
build_loader() {
    local made_of tree image=$cache/xen/initrd.gz
    made_of=$(fingerprint "$lab/lib/images.sh" "$lab/lib/image-xen.sh" "$cache/kernel-release")
    is_current "$image" "$made_of" && return
    tree=$(mktemp -d "$cache/xen/tree.XXXXXX")
    add_busybox "$tree"
    copy_modules "$tree" virtio_pci virtio_blk crc32c_generic ext4
    pack "$tree" "$image"
    echo "$made_of" >"$image.made-of"
    rm -rf "$tree"
}

build_guest() {
    local made_of tree image=$cache/xen/guest.gz
    made_of=$(fingerprint "$lab/lib/images.sh" "$lab/lib/image-xen.sh" "$cache/kernel-release" \
        "$lab/guest/init-guest" "$cache/modules/xen-hcd/xen-hcd.ko.made-of")
    is_current "$image" "$made_of" && return
    tree=$(mktemp -d "$cache/xen/tree.XXXXXX")
    add_busybox "$tree"
    copy_modules "$tree" "${guest_modules[@]}"
    cp "$cache/modules/xen-hcd/xen-hcd.ko" "$tree/lib/modules/"
    cp "$lab/guest/init-guest" "$tree/init"
    pack "$tree" "$image"
    echo "$made_of" >"$image.made-of"
    rm -rf "$tree"
}

# Debian's sources as the host has them, so that security updates are in.
build_packages() {
    local made_of=${dom0_packages[*]}
    is_current "$cache/xen/packages.tar" "$made_of" && return
    mmdebstrap --variant=minbase --include="$(IFS=, && echo "${dom0_packages[*]}")" \
        --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' \
        bookworm "$cache/xen/packages.new.tar" "$(debian_sources)" >"$(build_log)" 2>&1 \
        || { tail -n 20 "$(build_log)" >&2; fail "mmdebstrap, see $(build_log)"; }
    mv "$cache/xen/packages.new.tar" "$cache/xen/packages.tar"
    echo "$made_of" >"$cache/xen/packages.tar.made-of"
}

# The places that hold a release of Debian, one a line, as apt-get itself understands its files.
debian_sources() {
    apt-get indextargets --format '$(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' \
        | sort -u | while read -r site release component; do
        [[ $component != main || $release != bookworm* ]] || echo "deb $site $release $component"
    done
}

build_disk() {
    local made_of tree image=$cache/xen/disk.ext4
    build_packages
    made_of=$(fingerprint "$lab/lib/images.sh" "$lab/lib/image-xen.sh" "$cache/kernel-release" \
        "$cache/modules/usbback/usbback.ko.made-of" "$cache/xen/guest.gz.made-of")
    is_current "$image" "$made_of" && return
    tree=$(mktemp -d "$cache/xen/tree.XXXXXX")
    tar -xf "$cache/xen/packages.tar" -C "$tree" --exclude='./dev/*'
    copy_modules "$tree" "${usb_modules[@]}" "${gadget_modules[@]}" "${channel_modules[@]}" \
        "${dom0_modules[@]}"
    cp "$cache/modules/usbback/usbback.ko" "$tree/lib/modules/"
    mkdir -p "$tree"/{guest,pvusb,files,out}
    cp "$cache/vmlinux" "$cache/xen/guest.gz" "$tree/guest/"
    cp "$cache/kernel/boot/vmlinuz-$(kernel_release)" "$tree/guest/vmlinuz"
    echo lab >"$tree/etc/hostname"
    truncate -s 1400M "$image.new"
    mkfs.ext4 -q -F -O ^has_journal -E lazy_itable_init=1 -d "$tree" -L lab "$image.new"
    mv "$image.new" "$image"
    echo "$made_of" >"$image.made-of"
    rm -rf "$tree"
}
