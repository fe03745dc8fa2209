internal import USBModel
internal import XenStoreWire

extension StoreAnswers {
    /// The domains listed so far, by number.
    var domains: [DomainID] { lists.domains }

    /// The controllers listed so far.
    var controllers: [ControllerID] { lists.controllers }

    /// The backends of a kind listed so far that no record of libxl's knows.
    func orphans(_ kind: BackendKind) -> [ControllerID] { lists.orphans[kind] ?? [] }

    /// Every device that a port is known to hold, and whose port it is.
    var holdings: [StoreLists.Holding] { lists.holdings }

    /// The devices with a record listed so far.
    var recordedDevices: [BusID] {
        children(StoreLayout.records).compactMap { BusID(component: $0) }.sorted()
    }

    /// The devices listed so far of which libxl has noted drivers.
    var notedDevices: [BusID] {
        children(StoreLayout.driverPaths).compactMap { BusID(component: $0) }.sorted()
    }

    /// Tells whether it is known that libxl has no record of a controller.
    func isMissing(_ controller: ControllerID) -> Bool {
        let record = StoreLayout.record(of: controller)
        return has(.read(record / ControllerKey.type)) && !isDescribed(controller)
    }

    /// Tells whether libxl's record says anything of a controller.
    func isDescribed(_ controller: ControllerID) -> Bool {
        let record = StoreLayout.record(of: controller)
        return ControllerKey.described.contains { exists(record / $0) }
    }

    /// The recorded number of ports; nil while unknown or outside 1…31.
    func portCount(of controller: ControllerID) -> UInt8? {
        let node = StoreLayout.record(of: controller) / ControllerKey.portCount
        return text(node).flatMap { UInt8(decimal: $0) }
            .flatMap { (1...PortNumber.max).contains($0) ? $0 : nil }
    }

    /// Tells whether a controller's number of ports makes no sense, so that they are listed.
    func lacksPortCount(_ controller: ControllerID) -> Bool {
        let record = StoreLayout.record(of: controller)
        return has(.read(record / ControllerKey.portCount)) && portCount(of: controller) == nil
    }

    /// The ports of a controller: as many as are recorded; where that makes no sense, those there.
    func ports(of controller: ControllerID, in directory: StorePath) -> [PortNumber] {
        portCount(of: controller).map { PortNumber.all($0) } ?? listedPorts(in: directory)
    }

    /// The ports from 1 to the greatest that a directory lists.
    func listedPorts(in directory: StorePath) -> [PortNumber] {
        let numbers = children(directory).compactMap { UInt8(decimal: $0).flatMap(PortNumber.init) }
        return PortNumber.all(numbers.max()?.number ?? 0)
    }

    /// The kind of a controller whose ports only domain 0 can change; nil for one whose backend
    /// is in a driver domain, whose devices are not this host's anyway.
    func kindInDomainZero(_ controller: ControllerID) -> ControllerKind? {
        guard let kind = kind(of: controller) else { return nil }
        let backend = StoreLayout.record(of: controller) / ControllerKey.backend
        guard kind != .deviceModel, has(.read(backend)) else { return kind }
        let ports = StoreLayout.ports(of: controller, kind)
        return self.backend(of: controller) == ports.parent ? kind : nil
    }

    /// The kind of a controller as recorded, or as listed if its record is not asked; nil while
    /// unknown.
    func kind(of controller: ControllerID) -> ControllerKind? {
        let type = StoreLayout.record(of: controller) / ControllerKey.type
        guard has(.read(type)) else { return listedKind(of: controller) }
        return text(type).flatMap(ControllerKind.init)
    }

    /// The kind of the one backend in domain 0 that is listed for a controller; nil where there is
    /// none, or one of each kind.
    func listedKind(of controller: ControllerID) -> ControllerKind? {
        let kinds = BackendKind.allCases.filter {
            lists.backends[$0]?.contains(controller) ?? false
        }
        return kinds.count == 1 ? kinds[0].kind : nil
    }

    /// The backend's directory as recorded; there is none where QEMU emulates the controller.
    func backend(of controller: ControllerID) -> StorePath? {
        text(StoreLayout.record(of: controller) / ControllerKey.backend).flatMap { StorePath($0) }
    }
}
