import Exploration
import PVUSBCore

/// Small changes of effects and answers, of which mutants are made.
enum Twists {
    typealias Twist = @Sendable (Effect, inout [Effect]) -> Mutant.Twist
    typealias Lie = @Sendable (Effect, Answer) -> Answer

    /// Leaves requests to the store out.
    static func without(_ unwanted: @escaping @Sendable (StoreRequest) -> Bool) -> Twist {
        { effect, _ in
            guard case .store(let batch) = effect, batch.contains(where: unwanted) else {
                return .perform(effect)
            }
            return .perform(.store(batch.filter { !unwanted($0) }))
        }
    }

    /// Changes requests to the store, each by itself.
    static func changing(_ change: @escaping @Sendable (StoreRequest) -> StoreRequest) -> Twist {
        { effect, _ in
            guard case .store(let batch) = effect else { return .perform(effect) }
            return .perform(.store(batch.map(change)))
        }
    }

    /// Adds requests to a batch that has one of a kind.
    static func adding(
        _ more: [StoreRequest], where isPlace: @escaping @Sendable (StoreRequest) -> Bool
    ) -> Twist {
        { effect, _ in
            guard case .store(let batch) = effect, batch.contains(where: isPlace) else {
                return .perform(effect)
            }
            return .perform(.store(batch + more))
        }
    }

    /// Says that something is done, and does not do it.
    static func pretending(
        _ answer: Answer, where isPlace: @escaping @Sendable (Effect) -> Bool
    ) -> Twist {
        { effect, _ in isPlace(effect) ? .pretend(answer) : .perform(effect) }
    }

    /// Says that QEMU has done something, and does not ask it.
    static func qemuPretending(
        _ isPlace: @escaping @Sendable (DeviceModelCommand.Action) -> Bool
    ) -> Twist {
        { effect, _ in
            guard case .deviceModel(let command) = effect, isPlace(command.action) else {
                return .perform(effect)
            }
            return .pretend(.deviceModel(.done))
        }
    }

    /// Tells other names of what QEMU has.
    static func lyingOfQEMU(_ change: @escaping @Sendable ([String]) -> [String]) -> Lie {
        { _, answer in
            guard case .deviceModel(.names(let names)) = answer else { return answer }
            return .deviceModel(.names(change(names)))
        }
    }

    /// Changes writes to files, each by itself.
    static func files(_ change: @escaping @Sendable (FileRequest) -> [FileRequest]) -> Twist {
        { effect, _ in
            guard case .files(let requests) = effect, requests.contains(where: \.changesHost) else {
                return .perform(effect)
            }
            return .perform(.files(requests.flatMap(change)))
        }
    }

    /// Tells something else of what was read from the store.
    static func lying(
        _ change: @escaping @Sendable (StoreRequest, StoreReply) -> StoreReply
    ) -> Lie {
        { effect, answer in
            guard case .store(let batch) = effect, case .store(let replies) = answer else {
                return answer
            }
            return .store(zip(batch, replies).map { change($0, $1) })
        }
    }

    /// Tells something else of what was read from files.
    static func lyingOfFiles(
        _ change: @escaping @Sendable (FileRequest, FileReply) -> FileReply
    ) -> Lie {
        { effect, answer in
            guard case .files(let batch) = effect, case .files(let replies) = answer else {
                return answer
            }
            return .files(zip(batch, replies).map { change($0, $1) })
        }
    }
}

extension StoreRequest {
    /// Tells whether it writes a node whose path has this in it.
    func writes(_ part: String) -> Bool {
        guard case .write(let path, _) = self else { return false }
        return path.text.contains(part)
    }

    /// Tells whether it removes a node whose path has this in it.
    func removes(_ part: String) -> Bool {
        guard case .remove(let path) = self else { return false }
        return path.text.contains(part)
    }

    /// Tells whether it reads or lists a node whose path has this in it.
    func looks(_ part: String) -> Bool {
        switch self {
        case .read(let path), .directory(let path): path.text.contains(part)
        default: false
        }
    }

    /// The text that it writes.
    var written: String? {
        guard case .write(_, let bytes) = self else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The same write with another text.
    func writing(_ text: String) -> StoreRequest {
        guard case .write(let path, _) = self else { return self }
        return .write(path, text: text)
    }

    /// The same write elsewhere: a part of the path is replaced.
    func moved(_ part: String, to other: String) -> StoreRequest {
        guard case .write(let path, let bytes) = self, let range = path.text.firstRange(of: part),
            let moved = StorePath(path.text.replacingCharacters(in: range, with: other))
        else { return self }
        return .write(moved, bytes)
    }
}

extension String {
    fileprivate func firstRange(of part: String) -> Range<String.Index>? {
        indices.lazy.compactMap { start in
            self[start...].hasPrefix(part) ? start..<self.index(start, offsetBy: part.count) : nil
        }.first
    }

    fileprivate func replacingCharacters(
        in range: Range<String.Index>, with other: String
    ) -> String {
        self[..<range.lowerBound] + other + self[range.upperBound...]
    }
}

extension FileRequest {
    /// The interface and the driver's file that is written, `usbback/bind`; nil for a read.
    var target: (file: String, interface: String)? {
        guard case .write(let path, let text) = self else { return nil }
        return (path.split(separator: "/").suffix(2).joined(separator: "/"), text)
    }

    static func write(_ interface: String, to file: String) -> FileRequest {
        .write("/sys/bus/usb/drivers/\(file)", interface)
    }
}
