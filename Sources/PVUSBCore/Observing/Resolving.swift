public import USBModel

extension Observation {
    /// Finds the one domain meant.
    ///
    /// - Throws: not found, with the nearest names; ambiguous, with the numbers.
    public func resolve(_ selector: DomainSelector) throws(PVUSBError) -> DomainView {
        switch selector {
        case .number(let id):
            guard let domain = domain(id) else {
                throw PVUSBError(
                    .notFound, "there is no domain \(id)", remedy: "pvusb list")
            }
            return domain
        case .name(let name):
            let matches = domains.filter { $0.name == name }
            guard matches.count < 2 else {
                let numbers = matches.map(\.id.description).joined(separator: ", ")
                throw PVUSBError(.ambiguous, "several domains are named '\(name)': \(numbers)")
            }
            guard let domain = matches.first else { throw noDomain(name) }
            return domain
        }
    }

    private func noDomain(_ name: String) -> PVUSBError {
        let near = nearest(to: name, among: domains.compactMap(\.name))
        return PVUSBError(
            .notFound, "there is no domain named '\(name)'\(near.suggestion)",
            remedy: "pvusb list")
    }

    /// Finds the one device meant: one that is there, or one that is gone but still held.
    ///
    /// - Throws: not found, with the nearest names; ambiguous, with every candidate.
    public func resolve(_ selector: DeviceSelector) throws(PVUSBError) -> BusID {
        let matches = candidates(for: selector)
        guard matches.count < 2 else { throw ambiguous(selector, matches) }
        if let match = matches.first { return match }
        throw noDevice(selector)
    }

    private func candidates(for selector: DeviceSelector) -> [BusID] {
        switch selector {
        case .busID(let id):
            return host.names.contains(id) || takenDevices.contains(id) ? [id] : []
        case .product(let product, let serial):
            return host.devices.filter {
                $0.vendorProduct == product && (serial == nil || $0.serial == serial)
            }.map(\.id)
        case .address(let address):
            return host.devices.filter { $0.address == address }.map(\.id)
        }
    }

    private func ambiguous(_ selector: DeviceSelector, _ matches: [BusID]) -> PVUSBError {
        let list = matches.map { uniqueName(of: $0) }.joined(separator: ", ")
        return PVUSBError(
            .ambiguous, "'\(selector)' matches \(matches.count) devices: \(list)",
            remedy: "name one of them")
    }

    /// The bus id, and the selector by product that only this device matches, if one does.
    private func uniqueName(of id: BusID) -> String {
        guard let device = host.device(id), let serial = device.serial else { return "\(id)" }
        let selector = DeviceSelector.product(device.vendorProduct, serial: serial)
        return candidates(for: selector).count == 1 ? "\(id) (\(selector))" : "\(id)"
    }

    private func noDevice(_ selector: DeviceSelector) -> PVUSBError {
        let names: [String]
        switch selector {
        case .busID: names = host.devices.map(\.id.description)
        case .product: names = host.devices.map(\.vendorProduct.description)
        case .address: names = host.devices.map(\.address.description)
        }
        let near = nearest(to: "\(selector)", among: names)
        return PVUSBError(
            .notFound, "there is no device '\(selector)'\(near.suggestion)",
            remedy: "pvusb devices")
    }

    /// The up to three names that differ least, in at most half of their characters.
    private func nearest(to word: String, among names: [String]) -> [String] {
        let ranked = Set(names).map { (distance: editDistance(word, $0), name: $0) }
            .filter { $0.distance * 2 <= max(word.count, $0.name.count) }
            .sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }
        return ranked.prefix(3).map(\.name)
    }
}

extension [String] {
    fileprivate var suggestion: String {
        isEmpty ? "" : " (near: \(joined(separator: ", ")))"
    }
}

/// How many characters must be inserted, removed or replaced to get from one word to the other.
func editDistance(_ left: String, _ right: String) -> Int {
    let right = Array(right.utf8)
    var row = Array(0...right.count)
    for (index, character) in left.utf8.enumerated() {
        var diagonal = row[0]
        row[0] = index + 1
        for column in right.indices {
            let replaced = diagonal + (right[column] == character ? 0 : 1)
            diagonal = row[column + 1]
            row[column + 1] = min(replaced, row[column] + 1, row[column + 1] + 1)
        }
    }
    return row[right.count]
}
