internal import ArgumentParser

/// Tells the guided minute: `pvusb demo`.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "A guided minute without Xen: give, take back, kill half-way, recover.")

    func run() async throws {
        let code = try DemoStory().run()
        guard code == 0 else { throw ExitCode(code) }
    }
}
