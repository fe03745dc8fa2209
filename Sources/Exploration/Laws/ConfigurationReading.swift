internal import Simulation

/// Reads libxl's configurations without any of the core's parsers.
extension World {
    /// A domain whose configuration has fewer or more devices than its ports hold.
    var misconfigured: UInt16? {
        ([1, 2] as [UInt16]).first { domain in
            guard let listed = listedDevices(of: domain) else { return false }
            let held = [SmallWorld.device, SmallWorld.bystander].flatMap { ports(holding: $0) }
            return listed != held.filter { $0.domain == domain }.count
        }
    }

    /// How many devices libxl's configuration of a domain lists; nil when there is none.
    private func listedDevices(of domain: UInt16) -> Int? {
        guard let file = userdata.first(where: { $0.key.hasPrefix("userdata-d.\(domain).") }) else {
            return nil
        }
        let text = String(decoding: file.value, as: UTF8.self)
        return text.split(separator: "\"hostaddr\"", omittingEmptySubsequences: false).count - 1
    }
}
