internal import PVUSBCore

extension Catalogue {
    /// A command on a device in the first guest.
    struct Story {
        /// What its scenarios are called.
        let name: String
        /// What the table calls its command.
        let label: String
        let beginning: Beginning
        var commands: [Command]
        /// Whether the commands reach their goal when nobody disturbs them.
        var succeeds = true
        /// Whether the commands only plan.
        var isDry = false
        /// Whether libxl keeps configurations of the guests.
        var isKept = false
        /// Whether the command is refused, and changes nothing.
        var isRefused = false
        /// What is odd about the world.
        var bend: Bend?
        /// Whether there is a store to ask.
        var hasStore = true
        /// Whether the command waits until something changes.
        var isWatch = false
        /// Whether the world is an odd one.
        var isOdd = false
        /// Where a watch looked last; nil for where it begins.
        var before: Beginning?
        /// Whether the device comes home by it.
        var comesHome = false
        /// How many interfaces the device has.
        var count = 1
        /// How its drivers hold on to them.
        var shape = SmallWorld.Shape.plain

        init(
            _ name: String, as label: String? = nil, _ beginning: Beginning, _ command: Command,
            succeeds: Bool = true, isDry: Bool = false
        ) {
            self.name = name
            self.label = label ?? name
            self.beginning = beginning
            commands = [command]
            self.succeeds = succeeds
            self.isDry = isDry
        }

        /// A command that is refused.
        init(
            refused name: String, as label: String, _ beginning: Beginning, _ command: Command,
            _ bend: Bend? = nil
        ) {
            self.init("refused: \(name)", as: label, beginning, command, succeeds: false)
            isRefused = true
            self.bend = bend
        }

        /// A command in an odd world.
        init(
            odd name: String, as label: String, _ beginning: Beginning, _ command: Command,
            _ bend: Bend?, succeeds: Bool = true, isDry: Bool = false
        ) {
            self.init(name, as: label, beginning, command, succeeds: succeeds, isDry: isDry)
            self.bend = bend
            isOdd = true
        }

        /// Two commands at once.
        init(_ beginning: Beginning, _ first: Command, _ second: Command) {
            name = "\(beginning): \(first.full) & \(second.full)"
            label = "two at once"
            self.beginning = beginning
            commands = [first, second]
            succeeds = false
        }
    }
}
