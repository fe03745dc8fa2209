internal import USBModel
internal import XenStoreServer
internal import XenStoreWire

extension World {
    /// The world without the serial numbers of its devices, see ``redact()``.
    public func redacted() -> World {
        var world = self
        world.redact()
        return world
    }

    /// Replaces every serial number by `REDACTED-1`, `REDACTED-2` and so on, the same one by the
    /// same words everywhere.
    ///
    /// These are the devices' attribute `serial` and the serials of the identities that pvusb
    /// recorded, of devices that were pulled, too. Any other value of the store that holds one of
    /// these texts gets the words as well, except for a serial of less than six bytes: `1` is in
    /// too many values that have nothing to do with it. Names of nodes stay.
    public mutating func redact() {
        let words = Redaction(serials)
        for index in usb.devices.indices {
            guard let serial = usb.devices[index].attributes["serial"] else { continue }
            usb.devices[index].attributes["serial"] = words[serial]
        }
        for entry in store.entries {
            let value = words.redact(entry.value)
            guard value != entry.value else { continue }
            _ = store.perform(.write(entry.path, value), from: kernel)
        }
    }

    /// All serial numbers, each once: those of the devices, then those that were recorded.
    private var serials: [String] {
        let own = usb.devices.compactMap { $0.attributes["serial"] }
        let recorded = store.entries.compactMap { identity($0.value)?.serial }
        var known: Set<String> = [""]
        return (own + recorded).filter { known.insert($0).inserted }
    }
}

private func identity(_ value: [UInt8]) -> DeviceIdentity? {
    String(validating: value, as: UTF8.self).flatMap { DeviceIdentity($0) }
}

/// The words that take the place of serial numbers.
private struct Redaction {
    /// The shortest serial that is looked for in any value, in bytes.
    private static let lengthMin = 6

    private var words: [String: String] = [:]
    /// What is looked for in any value, the longest first: one serial may begin with another.
    private let sought: [(serial: [UInt8], word: [UInt8])]

    init(_ serials: [String]) {
        for (index, serial) in serials.enumerated() { words[serial] = "REDACTED-\(index + 1)" }
        sought = serials.compactMap { [words] serial in
            words[serial].map { (Array(serial.utf8), Array($0.utf8)) }
        }.filter { $0.0.count >= Self.lengthMin }.sorted { $0.0.count > $1.0.count }
    }

    /// What a serial becomes; an empty one stays.
    subscript(_ serial: String) -> String { words[serial] ?? serial }

    func redact(_ value: [UInt8]) -> [UInt8] {
        if let identity = identity(value), let serial = identity.serial {
            let redacted = DeviceIdentity(
                vendorProduct: identity.vendorProduct, serial: self[serial],
                descriptorHash: identity.descriptorHash)
            return Array(redacted.description.utf8)
        }
        var rest = value[...]
        var redacted: [UInt8] = []
        while let byte = rest.first {
            if let found = sought.first(where: { rest.starts(with: $0.serial) }) {
                redacted += found.word
                rest.removeFirst(found.serial.count)
            } else {
                redacted.append(byte)
                rest.removeFirst()
            }
        }
        return redacted
    }
}
