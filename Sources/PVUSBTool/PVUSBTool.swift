internal import Glibc
internal import PVUSBCommands

@main
struct PVUSBTool {
    static func main() async {
        exit(await CommandLineTool.run(Array(CommandLine.arguments.dropFirst())))
    }
}
