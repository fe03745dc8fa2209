internal import Glibc
internal import PVUSB
internal import Simulation

/// The guided minute: every line that starts with `$` is a real command in a process of its own.
struct DemoStory {
    private let directory: String
    private let file: String
    private let stick = "1-3.2"

    init() throws {
        var template = Array("/tmp/pvusb-demo-XXXXXX".utf8CString)
        guard let path = unsafe mkdtemp(&template) else {
            throw PVUSBError(.failed, "no temporary directory can be made in /tmp")
        }
        directory = unsafe String(cString: path)
        file = "\(directory)/host.json"
    }

    /// Tells the story.
    ///
    /// - Returns: 0 when every part of it went as told, else 1.
    func run() throws(PVUSBError) -> Int32 {
        defer { removeFiles() }
        try giveAndTakeBack()
        let before = try world()
        try killAndRecover()
        let isSame = try world() == before
        try tell(
            isSame
                ? "The host is what it was before the kill: same drivers, same store."
                : "The host is NOT what it was before the kill. That is a bug.")
        return isSame ? 0 : 1
    }

    private func giveAndTakeBack() throws(PVUSBError) {
        try tell(
            "A Xen host in a file: its USB devices, its xenstore, its guests. No Xen is needed.")
        try show(["sandbox", "new", file])
        try show(["devices"])
        try tell("The guest pv1 gets a virtual USB controller, and the SanDisk stick.")
        try show(["controller", "add", "pv1"])
        try show(["attach", "pv1", stick, "--verbose"])
        try show(["list", "pv1"])
        try tell("And the host gets the stick back, with the driver it had.")
        try show(["detach", stick])
    }

    private func killAndRecover() throws(PVUSBError) {
        try tell(
            "Now the tool is killed in the middle: kill -9, when the stick has no driver at all.")
        try killHalfWay(["attach", "pv1", stick])
        try tell("Nothing is lost: what was begun is in the store, and every command shows it.")
        try show(["devices"])
        try tell("One command finishes it or undoes it.")
        try show(["recover", "--verbose"])
        try show(["devices"])
    }

    // MARK: - Acting

    private func tell(_ text: String) throws(PVUSBError) {
        try Output.data("\n# \(text)\n")
    }

    private func show(_ words: [String]) throws(PVUSBError) {
        try Output.data("\n$ pvusb \(words.joined(separator: " "))\n")
        let code = try start(words).wait()
        guard code == 0 else {
            throw PVUSBError(
                .failed, "the demonstration stopped: '\(words.joined(separator: " "))' failed",
                cause: code.map { "exit code \($0)" } ?? "killed")
        }
    }

    private func start(_ words: [String]) throws(PVUSBError) -> ChildProcess {
        let isMaking = words.first == "sandbox"
        return try ChildProcess(isMaking ? words : words + ["--sandbox", file])
    }

    /// Kills the command once the stick has left its host driver and is with no other.
    ///
    /// While the world is looked at, every other process that wants an effect waits: the kill
    /// comes at exactly that point. A command that was too quick is taken back and tried again.
    private func killHalfWay(_ words: [String]) throws(PVUSBError) {
        try Output.data("\n$ pvusb \(words.joined(separator: " ")) & kill -9 $!\n")
        for _ in 0..<20 {
            let child = try start(words + ["--quiet"])
            if try kill(child) { return }
            _ = try start(["detach", stick, "--quiet"]).wait()
        }
        throw PVUSBError(.failed, "the command was never caught half-way")
    }

    private func kill(_ child: ChildProcess) throws(PVUSBError) -> Bool {
        var isKilled = false
        while !isKilled, !child.hasEnded {
            isKilled = try look { world in
                guard world.isHalfWay(stick) else { return false }
                child.killOutright()
                return true
            }
            // Leaves the file to the other process for a moment.
            _ = poll(nil, 0, 1)
        }
        return child.wait() == nil && isKilled
    }

    private func world() throws(PVUSBError) -> World {
        try look { $0 }
    }

    private func look<Value>(_ body: (World) -> Value) throws(PVUSBError) -> Value {
        do throws(WorldFailure) {
            return try WorldFile(file).look(body)
        } catch {
            throw .world(file, error)
        }
    }

    private func removeFiles() {
        for name in ["host.json", "host.json.lock", "host.json.tmp"] {
            unsafe unlink("\(directory)/\(name)")
        }
        for lock in ["device.\(stick)", "domain.1", "claim"] {
            unsafe unlink("\(file).locks/\(lock).lock")
        }
        unsafe rmdir("\(file).locks")
        unsafe rmdir(directory)
    }
}

extension World {
    /// No interface of the device has a driver.
    fileprivate func isHalfWay(_ name: String) -> Bool {
        guard let device = BusID(name).flatMap(usb.device) else { return false }
        return device.interfaces.allSatisfy { $0.driver == nil }
    }
}
