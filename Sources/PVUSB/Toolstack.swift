internal import HostUSB
public import PVUSBCore

/// What users of the library hold: it runs commands on one host, one at a time.
///
///     let toolstack = Toolstack { () throws(PVUSBError) in
///         try Seams.thisHost(sysfs: "/sys", changing: false, environment: { variable($0) })
///     }
///     let outcome = await toolstack.run(.devices)
///
/// Everything below is synchronous and runs on an executor of the toolstack's own, so a caller
/// hops once a command, and a sysfs write that blocks in the kernel never holds a thread of the
/// cooperative pool. Whoever wants commands to run in parallel makes several toolstacks.
public actor Toolstack {
    private let executor = ThreadExecutor()
    private let makeSeams: @Sendable () throws(PVUSBError) -> Seams
    private var seams: Seams?

    /// Makes a toolstack; its seams are made with the first command, on its own executor.
    public init(_ makeSeams: @escaping @Sendable () throws(PVUSBError) -> Seams) {
        self.makeSeams = makeSeams
    }

    /// The executor that all of the toolstack's work runs on.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    /// Runs a command to its end; a failure is an outcome like others.
    public func run(
        _ command: Command, _ options: OperationOptions = OperationOptions()
    ) -> Outcome {
        do throws(PVUSBError) {
            let seams = try currentSeams()
            var options = options
            options.hasStore = options.hasStore && seams.store != nil
            let start = seams.clock.now
            let outcome = Driver(seams).run(Operation(command, options))
            if case .report(let report) = outcome, let log = seams.log {
                let milliseconds = (seams.clock.now - start) / 1_000_000
                for line in report.auditLines(milliseconds: milliseconds) { log.write(line) }
            }
            return outcome
        } catch {
            return .failed(error)
        }
    }

    /// Uses the seams for something that is no command, on the toolstack's own executor.
    ///
    /// - Throws: why there are no seams, or what the body throws.
    public func withSeams<Value: Sendable>(
        _ body: @Sendable (Seams) throws(PVUSBError) -> Value
    ) throws(PVUSBError) -> Value {
        try body(try currentSeams())
    }

    private func currentSeams() throws(PVUSBError) -> Seams {
        if let seams { return seams }
        let made = try makeSeams()
        seams = made
        return made
    }
}
