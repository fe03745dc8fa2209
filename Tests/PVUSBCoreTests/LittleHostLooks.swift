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

    private static let states =
        [
            read("\(backend)/state"), read("/local/domain/5/device/vusb/0/state"),
            read("\(backend)/online"),
        ] + ports

    private static let ports = [read("\(backend)/port/1"), read("\(backend)/port/2")]

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

    /// Which devices there are.
    static let lookForDevice: [Effect] = [.files([.list("/sys/bus/usb/devices")])]

    /// Which devices there are, and what domains are called.
    static let lookForNames: [Effect] =
        [
            .store([.directory(node("/local/domain"))]),
            .store(["0", "5"].map { read("/local/domain/\($0)/name") }),
        ] + lookForDevice

    private static let lists: Effect = .store([
        read("/libxl/pvusb/version"), .directory(node("/local/domain")),
        .directory(node("/libxl/pvusb/device")), .directory(node("/libxl/usbback")),
        .directory(node("/local/domain/0/backend/vusb")),
        .directory(node("/local/domain/0/backend/qusb")),
    ])

    private static let controllers: [StoreRequest] = [
        .directory(node("/libxl/0/device/vusb")), .directory(node("/libxl/5/device/vusb")),
        .directory(node("/local/domain/0/backend/vusb/5")),
    ]

    private static func domain(_ number: String) -> [StoreRequest] {
        [read("/local/domain/\(number)/name"), read("/local/domain/\(number)/vm")]
    }

    /// The whole host, where there is no record.
    static let look = look(recorded: false)

    /// The whole host: what there is, who it is, what it has, what that holds; then sysfs.
    static func look(
        recorded: Bool, noted: Bool? = nil, forGuest: Bool = false
    ) -> [Effect] {
        let memories = (recorded ? [memory] : []) + (noted ?? recorded ? [notes] : [])
        return look(memories, about: domain("0") + domain("5"), forGuest ? qemu : [])
    }

    /// What is said of the device: where it is found out, and what is there.
    private typealias Memory = (listing: [StoreRequest], contents: StoreRequest)

    private static let memory: Memory = (fields, read("\(own)/interface/1-1@1_0"))
    private static let notes: Memory = (
        [.directory(node("/libxl/usbback/1-1"))], read("/libxl/usbback/1-1/1-1@1_0/driver_path")
    )

    private static func look(
        _ memories: [Memory], about domains: [StoreRequest], later: [StoreRequest] = [],
        _ qemu: [StoreRequest]
    ) -> [Effect] {
        [
            lists, .store(controllers + domains + memories.flatMap(\.listing)),
            .store(later + controller + qemu + memories.map(\.contents)), .store(states),
        ] + lookAtDevice
    }

    /// What counts for the device and the guest that it is to go to.
    static func lookAround(recorded: Bool) -> [Effect] {
        look(recorded ? [memory, notes] : [], about: domain("5") + qemu, [])
    }

    /// What counts for a device of which a record tells where it is.
    static let lookAroundRecorded = look(
        [memory, notes], about: [], later: domain("5"), [])

    /// What counts for a device of which nothing tells: what every port holds.
    static let lookAroundHost: [Effect] =
        [
            lists, .store(controllers), .store([read("\(record)/num-ports")]), .store(ports),
        ] + lookAtDevice

    /// What counts for a device of which nothing is recorded, as far as a glance goes.
    static let glanceAtHost: [Effect] =
        [.store([version] + memory.listing + notes.listing)] + lookAtDevice

    /// The same for one that its record says to be in the guest.
    static let glanceAtRecord: [Effect] =
        [
            .store([version] + memory.listing + notes.listing),
            .store(
                [
                    read("/local/domain/5"), .directory(node("/libxl/5/device/vusb")),
                    .directory(node("/local/domain/0/backend/vusb/5")),
                    .directory(node("/local/domain/0/backend/qusb/5")),
                ] + domain("5") + controller + [memory.contents, notes.contents]),
            .store(states),
        ] + lookAtDevice

    private static let version = read("/libxl/pvusb/version")

    /// What is looked at besides to plan: what libxl keeps of the domains.
    static func toPlan(_ look: [Effect]) -> [Effect] {
        look.dropLast(lookAtDevice.count) + [.files([.list("/var/lib/xen")])] + lookAtDevice
    }

    /// The same without QEMU and without sysfs, as after a claim.
    static let lookAtEveryPort = Array(
        look([memory, notes], about: domain("5"), []).dropLast(lookAtDevice.count))

    private static let table = FileRequest.read("/sys/bus/usb/drivers/usbback/port_ids")

    /// The device, as when nothing is known of it.
    static let lookAtDevice: [Effect] = [
        .files([.list("/sys/bus/usb/devices"), table, .list("/sys/bus/usb/drivers")]),
        .files(
            [
                "idVendor", "idProduct", "busnum", "devnum", "bDeviceClass", "speed",
                "manufacturer", "product", "serial", "descriptors",
            ].map { .read("/sys/bus/usb/devices/1-1/\($0)") } + interfaceReads),
    ]

    /// The device's drivers, as after a sysfs write.
    static let lookAtDrivers: [Effect] = [
        .files([.list("/sys/bus/usb/devices"), table]),
        .files([.read("/sys/bus/usb/devices/1-1/devnum")] + interfaceReads),
    ]

    private static let interfaceReads: [FileRequest] = [
        .read("/sys/bus/usb/devices/1-1:1.0/bInterfaceClass"),
        .readLink("/sys/bus/usb/devices/1-1:1.0/driver"),
    ]

    /// The record and the controller; no record is there.
    static let lookAtStore: [Effect] = [.store(fields + controller), .store(states)]
}
