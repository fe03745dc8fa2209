/// What a new controller shall be; only what its kind can be exists.
public struct ControllerSettings: Hashable, Sendable {
    /// How it is implemented.
    public let kind: ControllerKind
    /// The USB version it offers: 1 or 2, for one that QEMU emulates also 3.
    public let version: UInt8
    /// How many ports it has, 1...31; see ``init(kind:version:ports:)``.
    public let ports: UInt8

    /// Describes a controller; nil outside libxl's limits (libxl_usb.c,
    /// `libxl__device_usbctrl_setdefault`).
    ///
    /// The kinds `pv` and `qusb` have version 1 or 2 and 1 to 31 ports, by default version 2 and 8
    /// ports. Of the kind `devicemodel`, version 1 has 2 ports and version 2, the default, has 6;
    /// version 3 has 1 to 15, by default 8.
    public init?(kind: ControllerKind = .pv, version: UInt8? = nil, ports: UInt8? = nil) {
        let version = version ?? 2
        guard kind.versions.contains(version) else { return nil }
        let limits = kind.ports(version: version)
        let ports = ports ?? min(limits.upperBound, 8)
        guard limits.contains(ports) else { return nil }
        self.init(kind: kind, checkedVersion: version, ports: ports)
    }

    private init(kind: ControllerKind, checkedVersion version: UInt8, ports: UInt8) {
        self.kind = kind
        self.version = version
        self.ports = ports
    }

    /// What a controller is that an attach has to make: libxl's defaults, which any device fits
    /// that the kind carries at all; but for one that QEMU emulates it is version 3, since version
    /// 2 has no low and full speed there (QEMU, `usb-ehci` without companions).
    public static func automatic(_ kind: ControllerKind) -> ControllerSettings {
        ControllerSettings(
            kind: kind, checkedVersion: kind == .deviceModel ? 3 : 2, ports: 8)
    }
}

extension ControllerKind {
    /// The USB versions that libxl allows.
    public var versions: ClosedRange<UInt8> { self == .deviceModel ? 1...3 : 1...2 }

    /// The numbers of ports that libxl allows for a version.
    public func ports(version: UInt8) -> ClosedRange<UInt8> {
        guard self == .deviceModel else { return 1...PortNumber.max }
        return switch version {
        case 1: 2...2
        case 2: 6...6
        default: 1...15
        }
    }
}

/// What somebody wants of a new controller; what is nil is as libxl has it by default.
public struct ControllerWish: Hashable, Sendable {
    /// How it shall be implemented; nil means as fits the guest and this host.
    public let kind: ControllerKind?
    /// The USB version.
    public let version: UInt8?
    /// How many ports.
    public let ports: UInt8?

    /// Makes a wish.
    public init(kind: ControllerKind? = nil, version: UInt8? = nil, ports: UInt8? = nil) {
        self.kind = kind
        self.version = version
        self.ports = ports
    }

    /// Wishes for exactly these settings.
    public init(_ settings: ControllerSettings) {
        self.init(kind: settings.kind, version: settings.version, ports: settings.ports)
    }

    /// The settings of a controller of some kind.
    ///
    /// - Throws: a usage error that names the kind's limits.
    public func settings(for kind: ControllerKind) throws(PVUSBError) -> ControllerSettings {
        if let settings = ControllerSettings(kind: kind, version: version, ports: ports) {
            return settings
        }
        let version = version ?? 2
        guard kind.versions.contains(version) else {
            throw PVUSBError(
                .usage,
                "'\(version)' is no USB version of kind \(kind.rawValue): it is from "
                    + "\(kind.versions.lowerBound) to \(kind.versions.upperBound)")
        }
        let limits = kind.ports(version: version)
        let range =
            limits.count == 1
            ? "\(limits.lowerBound)" : "from \(limits.lowerBound) to \(limits.upperBound)"
        throw PVUSBError(
            .usage,
            "'\(ports ?? 8)' is no number of ports of kind \(kind.rawValue), version "
                + "\(version): it is \(range)")
    }
}
