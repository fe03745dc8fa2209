@testable import PVUSBCore

/// What a survey asks of the little host, literally.
extension LittleHost {
    private static func read(_ path: String) -> StoreRequest { .read(node(path)) }

    private static let record = "/libxl/5/device/vusb/0"
    private static let backend = "/local/domain/0/backend/vusb/5/0"
    private static let own = "/libxl/pvusb/device/1-1"

    private static let controller = [
        read("\(record)/type"), read("\(record)/backend"), read("\(record)/num-ports"),
        read("\(record)/usb-ver"),
    ]

    private static let states = [
        read("\(backend)/state"), read("/local/domain/5/device/vusb/0/state"),
        read("\(backend)/online"),
        read("\(backend)/port/1"), read("\(backend)/port/2"),
    ]

    private static let fields: [StoreRequest] = [
        read("\(own)/goal"), read("\(own)/port"), read("\(own)/domain"), read("\(own)/vm"),
        read("\(own)/controller"), read("\(own)/qmp"), read("\(own)/identity"),
        .directory(node("\(own)/interface")),
    ]

    /// What says of the guest whether it has a QEMU, as when it is to be given something.
    private static let qemu = [
        read("/libxl/5/type"), read("/local/domain/5/image/device-model-pid"),
        read("/local/domain/5/image/device-model-domid"),
        read("/local/domain/0/device-model/5/backends/qusb"),
    ]

    /// What devices are called, and nothing of domains.
    static let lookForDevice: [Effect] =
        [.store([.directory(node("/local/domain"))])] + lookAtDrivers

    /// What devices and domains are called.
    static let lookForNames: [Effect] =
        [
            .store([.directory(node("/local/domain"))]),
            .store(["0", "5"].map { read("/local/domain/\($0)/name") }),
        ] + lookAtDrivers

    /// The whole host, where there is no record.
    static let look = look(recorded: false)

    /// The same for somebody who has something to give to the guest.
    static let lookForGuest = look(recorded: false, forGuest: true)

    /// The whole host: what there is, who it is, what it has, what that holds; then sysfs.
    static func look(recorded: Bool, noted: Bool? = nil, forGuest: Bool = false) -> [Effect] {
        let isNoted = noted ?? recorded
        let interfaces = recorded ? [read("\(own)/interface/1-1@1_0")] : []
        let notes = "/libxl/usbback/1-1"
        return [
            .store([
                read("/libxl/pvusb/version"), .directory(node("/local/domain")),
                .directory(node("/libxl/pvusb/device")), .directory(node("/libxl/usbback")),
                .directory(node("/local/domain/0/backend/vusb")),
                .directory(node("/local/domain/0/backend/qusb")),
            ]),
            .store(
                ["0", "5"].flatMap { domain in
                    [
                        read("/local/domain/\(domain)/name"), read("/local/domain/\(domain)/vm"),
                        .directory(node("/libxl/\(domain)/device/vusb")),
                    ]
                } + [.directory(node("/local/domain/0/backend/vusb/5"))]
                    + (recorded ? fields : []) + (isNoted ? [.directory(node(notes))] : [])),
            .store(
                controller + (forGuest ? qemu : []) + interfaces
                    + (isNoted ? [read("\(notes)/1-1@1_0/driver_path")] : [])),
            .store(states),
        ] + lookAtDrivers
    }

    /// The same, to plan for what is seen: what libxl keeps of the domains counts as well.
    static func lookToPlan(recorded: Bool, forGuest: Bool = false) -> [Effect] {
        let look = look(recorded: recorded, forGuest: forGuest)
        return look.dropLast(lookAtDrivers.count) + [.files([.list("/var/lib/xen")])]
            + lookAtDrivers
    }

    /// The whole store without sysfs, as after a claim.
    static let lookAtEveryPort = Array(look(recorded: true).dropLast(lookAtDrivers.count))

    /// The device's drivers, as after a sysfs write.
    static let lookAtDrivers: [Effect] = [
        .files([
            .list("/sys/bus/usb/devices"), .list("/sys/bus/usb/drivers"),
            .read("/sys/bus/usb/drivers/usbback/port_ids"),
        ]),
        .files(
            [
                "idVendor", "idProduct", "busnum", "devnum", "bDeviceClass", "speed",
                "manufacturer", "product", "serial", "descriptors",
            ].map { .read("/sys/bus/usb/devices/1-1/\($0)") } + [
                .read("/sys/bus/usb/devices/1-1:1.0/bInterfaceClass"),
                .readLink("/sys/bus/usb/devices/1-1:1.0/driver"),
            ]),
    ]

    /// The record and the controller, as after a change of the store; no record is there.
    static let lookAtStore: [Effect] = [.store(fields + controller), .store(states)]

    /// The same, with a record there.
    static let lookAtClaim: [Effect] = [
        .store(fields + controller), .store([read("\(own)/interface/1-1@1_0")] + states),
    ]

    /// The record alone, as after it was removed.
    static let lookAtRecord: [Effect] = [.store(fields)]
}
