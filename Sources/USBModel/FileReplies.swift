extension FileErrno {
    /// Tells whether it is what the kernel answers after a device was unplugged.
    ///
    /// The name is gone, or the attribute was already open: ENOENT or ENODEV (fs/kernfs).
    var meansGone: Bool { self == .noEntry || self == .noDevice }
}

extension FileReply {
    /// Tells whether what was asked for is not there.
    var isGone: Bool {
        guard case .failure(let error) = self else { return false }
        return error.meansGone
    }

    /// The bytes that were read.
    func bytes(of name: String) throws(DeviceFlaw) -> [UInt8] {
        guard case .bytes(let bytes) = self else { throw flaw(of: name) }
        return bytes
    }

    /// What is wrong with a reply that is not the one hoped for.
    func flaw(of name: String) -> DeviceFlaw {
        guard case .failure(let error) = self else {
            return .broken("\(name) was answered with something else")
        }
        return error.meansGone ? .gone(name) : .broken("\(name) cannot be read: \(error)")
    }
}

extension [FileReply] {
    /// The reply of that number; one that is missing counts as EIO.
    func reply(at index: Int) -> FileReply {
        indices.contains(index) ? self[index] : .failure(.inputOutput)
    }

    /// The names in the reply of that number.
    func names(at index: Int) -> Result<[String], FileErrno> {
        switch reply(at: index) {
        case .names(let names): .success(names)
        case .failure(let error): .failure(error)
        case .done, .bytes, .link: .failure(.inputOutput)
        }
    }
}
