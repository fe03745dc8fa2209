/// Takes a lock, waiting for another process to give it back.
struct LockRun: Hashable, Sendable {
    /// How the attempt ended.
    enum Ending: Hashable {
        case taken
        case held(by: Int32?)
        case failed(PVUSBError)
    }

    let lock: Lock
    private let deadline: Instant?
    private var holder: Int32?

    /// - Parameter deadline: how long to wait; nil takes the first answer.
    init(_ lock: Lock, until deadline: Instant?) {
        self.lock = lock
        self.deadline = deadline
    }

    /// Takes the answer to the effect asked last, nil at the start.
    mutating func next(_ answer: Answer?) -> Progress<Ending> {
        switch answer {
        case nil, .woken: return .ask(.lock(lock))
        case .locked: return .finished(.taken)
        case .lockHeld(let process):
            holder = process
            guard let deadline else { return .finished(.held(by: process)) }
            return .ask(.wait(for: [.tick], until: deadline))
        case .timedOut: return .finished(.held(by: holder))
        default: return .finished(.failed(.misplaced(answer, in: "a lock")))
        }
    }
}

extension PVUSBError {
    /// Another process has the lock and did not give it back in time.
    static func locked(_ lock: Lock, by process: Int32?) -> PVUSBError {
        let subject =
            switch lock.subject {
            case .device(let device): "\(device)"
            case .domain(let domain): "domain \(domain)"
            case .claim: "the choice of a port"
            case .userdata(let domain, _): "libxl's configuration of domain \(domain)"
            }
        let who = process.map { "another command (process \($0))" } ?? "another command"
        return PVUSBError(
            .busy, "\(who) is at work on \(subject)", remedy: "wait until it is done, try again")
    }
}
