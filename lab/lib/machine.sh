#!/usr/bin/env bash
# The emulated machine; sourced by lab/run. All its files are named relative to where QEMU runs.

# QEMU 7.2 has mistakes in the emulation of what is left out here: with smap the first return to
# user mode under Xen faults, rdtscp ends a PVH guest, and with xsave or avx a program under Xen
# sometimes finds its registers changed.
processor=max,-smap,-rdtscp,-xsave,-xsaveopt,-avx,-avx2,-f16c,-fma,-pku

machine=(qemu-system-x86_64 -machine pc -accel tcg,thread=multi -cpu "$processor" -smp 2
    -nodefaults -no-reboot -display none -serial file:console.log)

# The guest's ways out: its results, and this QEMU's own monitor, to plug and unplug.
machine+=(-device virtio-serial
    -chardev file,id=results,path=results.tar
    -device virtserialport,chardev=results,name=lab.results
    -chardev socket,id=qmp,path=qmp.sock,server=on,wait=off -mon chardev=qmp,mode=control
    -chardev socket,id=monitor,path=qmp.sock,server=off
    -device virtserialport,chardev=monitor,name=lab.monitor)

# One host controller, two buses: 1 with high speed, 2 with SuperSpeed at its only socket.
machine+=(-device qemu-xhci,id=xhci,p2=12,p3=1)

# usb DRIVER,ID,SOCKET[,PROPERTY…]: the ids are those that a script unplugs them by.
usb() {
    local driver id socket properties
    IFS=, read -r driver id socket properties <<<"$1"
    machine+=(-device "$driver,id=$id,bus=xhci.0,port=$socket${properties:+,$properties}")
}

disk() { machine+=(-blockdev "driver=file,node-name=$1,filename=$1.img,cache.direct=off"); }

for name in superstick stick uasdisk spare; do disk "$name"; done
usb usb-storage,superstick,1,drive=superstick,serial=LAB-SUPERSTICK
usb usb-storage,stick,2,drive=stick,serial=LAB-STICK
usb usb-hub,hub,3
usb usb-mouse,mouse,3.1,serial=LAB-MOUSE
usb usb-tablet,tablet,3.2,serial=LAB-TABLET
machine+=(-chardev null,id=nowhere)
usb usb-serial,serial,3.3,chardev=nowhere,always-plugged=on,serial=LAB-SERIAL
usb usb-kbd,keyboard,4,serial=LAB-KEYBOARD
machine+=(-audiodev none,id=silence)
usb usb-audio,audio,5,audiodev=silence,serial=LAB-AUDIO
machine+=(-netdev user,id=noplace,restrict=on)
usb usb-net,net,6,netdev=noplace,serial=LAB-NET
usb usb-uas,uas,7,serial=LAB-UAS
machine+=(-device scsi-hd,bus=uas.0,drive=uasdisk)

# make_media: what the disks hold; the first sectors differ, and none looks like a partition table.
make_media() {
    local name
    for name in superstick stick uasdisk spare; do
        yes "the lab's $name" | head -c 4M >"$name.img" || true
    done
}
