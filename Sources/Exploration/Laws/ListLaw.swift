internal import PVUSBCore

extension Search {
    /// Law 7, of a list of one domain: it says of its controllers and of what its ports hold the same
    /// as a look at everything.
    ///
    /// Other domains' ports are asked only if a record names them, so a contest may be told as what
    /// the domain alone would have.
    func lies(
        ofListsIn number: Int32, _ locks: UInt64, _ whole: Observation
    ) -> [String] {
        whole.domains.map(\.id).flatMap { domain in
            let run = run(.list(.number(domain)), in: number, locks: locks)
            guard case .inventory(let inventory)? = run.outcome else {
                return ["list \(domain) failed: \(run.outcome?.error?.message ?? "no end")"]
            }
            return lies(ofList: inventory.observation, domain, whole)
        }
    }

    private func lies(
        ofList seen: Observation, _ domain: DomainID, _ whole: Observation
    ) -> [String] {
        let own = seen.controllers.filter { $0.id.domain == domain }
        guard own == whole.controllers.filter({ $0.id.domain == domain }) else {
            return ["list \(domain) shows other controllers than list"]
        }
        let held = Set(own.flatMap(\.occupied).map(\.device)).sorted()
        return held.compactMap { device in
            let (shown, truth) = (seen.status(of: device), whole.status(of: device))
            guard shown != truth, truth.state != .contested else { return nil }
            let words = "as \(shown.state.word), list as \(truth.state.word)"
            return "list \(domain) shows \(device) \(words)"
        }
    }
}
