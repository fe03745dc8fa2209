import Foundation
import Simulation
import TestSupport
import Testing

/// How a run of the program ended, and all that it wrote.
struct ProgramRun: Equatable {
    var code: Int32
    var output: String
    var errors: String

    /// A run that went well and had nothing to complain about.
    static func good(_ output: String) -> ProgramRun {
        ProgramRun(code: 0, output: output, errors: "")
    }

    /// A run that wrote no data.
    static func bad(_ code: Int32, _ errors: String) -> ProgramRun {
        ProgramRun(code: code, output: "", errors: errors)
    }
}

/// A directory with a world in it, in which the built program is run.
final class Sandbox {
    /// The world file's name in the directory.
    static let file = "world.json"

    let directory: TemporaryDirectory

    /// Makes a directory whose world file has these bytes; none without bytes.
    init(_ world: [UInt8]?) throws {
        directory = try TemporaryDirectory()
        if let world { try write(world) }
    }

    /// The built-in world.
    static func builtIn() throws -> Sandbox {
        try Sandbox(try World.builtIn().json())
    }

    /// The built-in world with a controller of eight ports in `pv1`.
    static func withController() throws -> Sandbox {
        try Sandbox(try controllerWorld.get())
    }

    /// The same with a device in `pv1` at 0:1.
    static func with(_ device: String) throws -> Sandbox {
        let sandbox = try withController()
        try sandbox.expectSuccess("attach", "pv1", device)
        return sandbox
    }

    private static let controllerWorld = Result {
        let sandbox = try builtIn()
        try sandbox.expectSuccess("controller", "add", "pv1")
        return try sandbox.world()
    }

    /// A command that was to prepare a test and failed.
    struct Failure: Error {
        let run: ProgramRun
    }

    // MARK: - The world file

    /// The world file's bytes.
    func world() throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: directory.path(Self.file))))
    }

    func write(_ bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: directory.path(Self.file)))
    }

    /// Changes the world file as no pvusb does.
    func edit(_ body: (inout JSONValue) throws -> Void) throws {
        var document = try JSONValue(String(decoding: try world(), as: UTF8.self))
        try body(&document)
        try write(try document.encoded())
    }

    // MARK: - The program

    /// Runs `pvusb` on the world.
    func pvusb(_ words: String...) throws -> ProgramRun { try pvusb(words) }

    func pvusb(_ words: [String]) throws -> ProgramRun {
        try run(Program.pvusb(), words, environment: ["PVUSB_SANDBOX": Self.file])
    }

    /// Runs `pvusb` on nothing in particular.
    func bare(_ words: String...) throws -> ProgramRun { try bare(words) }

    func bare(_ words: [String]) throws -> ProgramRun {
        try run(Program.pvusb(), words, environment: [:])
    }

    func run(
        _ program: String, _ words: [String], environment: [String: String]
    ) throws -> ProgramRun {
        try start(program, words, environment: environment).end()
    }

    /// Starts a program and does not wait for it.
    func start(
        _ program: String, _ words: [String], environment: [String: String]
    ) throws -> StartedProgram {
        let output = try temporaryFile()
        let errors = try temporaryFile()
        let process = try Program.start(
            program, words, in: directory.path, environment: environment, output: output,
            errors: errors)
        return StartedProgram(process: process, output: output, errors: errors)
    }

    func expectSuccess(_ words: String...) throws {
        let run = try pvusb(words)
        guard run.code == 0 else { throw Failure(run: run) }
    }

    /// A file without a name: neither side can wait for the other, as on a pipe.
    private func temporaryFile() throws -> FileHandle {
        let path = directory.path("output-\(UUID().uuidString)")
        try Data().write(to: URL(fileURLWithPath: path))
        let handle = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        try FileManager.default.removeItem(atPath: path)
        return handle
    }
}

/// A program that was started, and what it writes.
struct StartedProgram {
    let process: Process
    fileprivate let output: FileHandle
    fileprivate let errors: FileHandle

    /// Waits for the program's end.
    func end() throws -> ProgramRun {
        process.waitUntilExit()
        // A signal's end is told as shells tell it.
        let isSignal = process.terminationReason == .uncaughtSignal
        return ProgramRun(
            code: process.terminationStatus + (isSignal ? 128 : 0),
            output: try text(of: output), errors: try text(of: errors))
    }

    /// Waits until the program has written this to standard output.
    func wait(forOutput text: String) throws { try wait(for: text, in: output) }

    /// Waits until the program has written this to standard error.
    func wait(forError text: String) throws { try wait(for: text, in: errors) }

    private func wait(for text: String, in file: FileHandle) throws {
        let deadline = Date.now + 60
        while !(try written(to: file)).contains(text) {
            guard Date.now < deadline else {
                Issue.record("the program never wrote: \(text)")
                return
            }
            sched_yield()
        }
    }

    /// What is in the file now, read beside the program's own position.
    private func written(to file: FileHandle) throws -> String {
        let path = "/proc/self/fd/\(file.fileDescriptor)"
        return String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    }

    private func text(of file: FileHandle) throws -> String {
        try file.seek(toOffset: 0)
        return String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
    }
}

/// The built program, and how it is started.
enum Program {
    /// The program has not been built.
    struct Missing: Error {
        let path: String
    }

    /// The path of the `pvusb` that was built with these tests.
    static func pvusb() throws -> String {
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let path = URL(fileURLWithPath: tests).deletingLastPathComponent()
            .appendingPathComponent("pvusb").path
        guard FileManager.default.isExecutableFile(atPath: path) else { throw Missing(path: path) }
        return path
    }

    /// The path of another program; nil when it is not installed.
    static func installed(_ name: String) -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return path.split(separator: ":").map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    static func start(
        _ program: String, _ words: [String], in directory: String,
        environment: [String: String], output: FileHandle, errors: FileHandle
    ) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = words
        process.currentDirectoryURL = URL(fileURLWithPath: directory)
        process.environment = inherited.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        return process
    }

    private static var inherited: [String: String] {
        let all = ProcessInfo.processInfo.environment
        let kept = all.filter { ["PATH", "LD_LIBRARY_PATH", "TMPDIR"].contains($0.key) }
        return kept.merging(["LLVM_PROFILE_FILE": profile(besides: all["LLVM_PROFILE_FILE"])]) {
            $1
        }
    }

    /// Where a program built for coverage leaves its profile: in a directory beside that of the
    /// tests; nowhere when they leave none.
    ///
    /// A file for each process: profiles of Swift programs can't be merged as they are written,
    /// because functions of one name share their counts, which then double with every process.
    private static func profile(besides tests: String?) -> String {
        guard let tests, tests != "/dev/null", let slash = tests.lastIndex(of: "/") else {
            return "/dev/null"
        }
        return "\(tests[..<slash])/children/\(UUID())-%p.profraw"
    }
}
