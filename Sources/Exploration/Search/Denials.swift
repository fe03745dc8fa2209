internal import PVUSBCore
internal import Simulation

/// Looks and locks that are refused to a process.
extension Search {
    func refuse(_ fault: Fault, _ slot: Int, _ node: Node, _ index: Int32) -> Node? {
        guard let process = node[slot] else { return nil }
        let move = Move.fault(slot, fault)
        if case .lock(let lock) = play.agents.effect(of: process.agent) {
            let told: Answer = fault == .denied ? .locksFailed("read-only") : .lockHeld(by: nil)
            guard fault != .unreadable, fault != .denied || !lock.isTest else { return nil }
            var next = node
            if case .userdata = lock.subject { next.meddlers.insert(.hidden) }
            return hear(play.agents.number(of: told), slot, next, index, move)
        }
        guard fault != .lockHeld, let done = answer(to: process, slot, node),
            let told = refused(fault, play.agents.effectNumber(of: process.agent), done.answer)
        else { return nil }
        var next = done.node
        // What was not seen is not known: nobody is blamed for what he says of it.
        next[slot]?.traits.insert(.disturbed)
        if isAboutConfigurations(process) { next.meddlers.insert(.hidden) }
        return hear(told, slot, next, index, move)
    }

    /// Where libxl keeps configurations is looked at.
    private func isAboutConfigurations(_ process: Process) -> Bool {
        guard case .files(let requests) = play.agents.effect(of: process.agent) else {
            return false
        }
        return requests.contains { request in
            switch request {
            case .list(let path), .read(let path): path.hasPrefix("/var/lib/xen")
            case .readLink, .write, .replace: false
            }
        }
    }

    /// The answer in which some requests are refused; nil when there are none of them.
    private func refused(_ fault: Fault, _ effect: Int32, _ answer: Int32) -> Int32? {
        switch (play.agents.effect(effect), play.agents.answers[answer]) {
        case (.store(let batch), .store(let replies)):
            guard fault == .denied, batch.contains(where: \.isListing) else { return nil }
            let told = zip(batch, replies).map { request, reply in
                request.isListing ? StoreReply.failure(.accessDenied) : reply
            }
            return play.agents.number(of: .store(told))
        case (.files(let requests), .files(let replies)):
            guard requests.contains(where: { isRefused($0, fault) }) else { return nil }
            let told = zip(requests, replies).map { request, reply in
                isRefused(request, fault) ? FileReply.failure(.accessDenied) : reply
            }
            return play.agents.number(of: .files(told))
        default: return nil
        }
    }

    private func isRefused(_ request: FileRequest, _ fault: Fault) -> Bool {
        switch request {
        case .list: fault == .denied
        case .read(let path):
            fault == .denied
                ? path.hasPrefix("/var/lib/xen")
                : path.hasSuffix("/\(scenario.device)/devnum")
        case .readLink, .write, .replace: false
        }
    }
}

extension StoreRequest {
    fileprivate var isListing: Bool {
        if case .directory = self { true } else { false }
    }
}
