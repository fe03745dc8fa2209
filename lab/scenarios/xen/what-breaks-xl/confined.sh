#!/usr/bin/env bash
# Device models that can't have a device of this host; sourced by what-breaks-xl.sh.

# Debian has no stub domain for QEMU: the node that libxl would write of one is made up.
stub_domain() {
    local image
    start_hvm hvm1
    image=/local/domain/$(xl domid hvm1)/image
    xenstore-write "$image/device-model-domid" 42
    refuses 8 pvusb controller add hvm1 --kind devicemodel
    refuses 8 pvusb attach hvm1 1-4
    says pvusb doctor || true
    xenstore-rm "$image/device-model-domid"
    xl destroy hvm1
}

# A QEMU that gave up root can't open a device, and does not say so.
deprivileged() {
    start_hvm hvm1 'device_model_args = [ "-runas", "nobody" ]'
    says xl usbctrl-attach hvm1 version=3 ports=8
    xl_attach hvm1 1-4 || true
    says xl usb-list hvm1
    links 1-4
    shown 1-4
    says pvusb recover || true
    refuses 8 pvusb attach hvm1 1-4
    says pvusb recover
    expect "its state" "$(state 1-4)" host
    xl destroy hvm1
}
