internal import PVUSBCore
internal import Simulation

extension Command {
    /// The command as a person types it.
    var words: String {
        switch self {
        case .devices: "devices"
        case .list: "list"
        case .show: "show"
        case .awaitChange: "watch"
        case .doctor: "doctor"
        case .apply: "apply"
        case .addController: "controller add"
        case .removeController(_, let number, let force):
            "controller remove \(number.number)\(force ? " --force" : "")"
        case .attach(_, let device, _): "attach \(device)"
        case .detach(let device, let rebind): "detach \(device)\(rebind ? "" : " --no-rebind")"
        case .detachPlace(_, let place, let rebind):
            "detach \(place.label)\(rebind ? "" : " --no-rebind")"
        case .recover(let devices):
            (["recover"] + devices.map { "\($0)" }).joined(separator: " ")
        }
    }
}

extension Command {
    /// The same with the domain that an attach is to.
    var full: String {
        guard case .attach(.number(let domain), _, _) = self else { return words }
        return "\(words) to \(domain)"
    }
}

extension Effect {
    /// The effect in a line.
    var line: String {
        switch self {
        case .store(let batch): "store: " + batch.shortened.joined(separator: "; ")
        case .files(let requests): "files: " + requests.shortened.joined(separator: "; ")
        case .deviceModel(let command): "QEMU of \(command.domain): \(command.action)"
        case .lock(let lock): (lock.isTest ? "look at the lock " : "lock ") + lock.name
        case .unlock(let lock): "unlock \(lock.name)"
        case .wait(let wakes, _): "wait" + (wakes.isEmpty ? " a moment" : "")
        case .finished: "end"
        }
    }
}

extension [StoreRequest] {
    /// Changes in full, looks by their number.
    fileprivate var shortened: [String] {
        let texts = compactMap(\.change)
        return texts.isEmpty ? ["\(count) reads"] : texts
    }
}

extension StoreRequest {
    fileprivate var change: String? {
        switch self {
        case .directory, .read, .permissions: nil
        case .write(let path, let bytes): "\(path)='\(String(decoding: bytes, as: UTF8.self))'"
        case .makeDirectory(let path): "mkdir \(path)"
        case .remove(let path): "rm \(path)"
        case .setPermissions(let path, _): "chmod \(path)"
        case .watch(let path, _): "watch \(path)"
        case .unwatch(let path, _): "unwatch \(path)"
        case .introduce(let domain): "introduce \(domain)"
        case .begin: "begin"
        case .commit: "commit"
        case .abort: "abort"
        }
    }
}

extension [FileRequest] {
    fileprivate var shortened: [String] {
        let texts = compactMap { request -> String? in
            switch request {
            case .write(let path, let text):
                "\(text) > \(path.split(separator: "/").suffix(2).joined(separator: "/"))"
            case .replace(let path, _): "replace \(path)"
            case .list, .read, .readLink: nil
            }
        }
        return texts.isEmpty ? ["\(count) reads"] : texts
    }
}
