/// The domains whose QEMUs have to be looked at, besides those that serve a controller.
enum DomainInterest: Hashable, Sendable {
    case none
    case one(DomainSelector)
    /// All but domain 0.
    case guests
}
