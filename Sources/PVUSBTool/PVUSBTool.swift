internal import Glibc
internal import PVUSBCommands

@main
struct PVUSBTool {
    /// The main thread keeps its signal mask and does nothing else: an async `main` would leave it
    /// to libdispatch, which opens the mask, so that ^C would kill instead of ask.
    nonisolated static func main() {
        CommandLineTool.prepareProcess()
        CommandLineTool.start(Array(CommandLine.arguments.dropFirst())) { exit($0) }
        while true { _ = pause() }
    }
}
