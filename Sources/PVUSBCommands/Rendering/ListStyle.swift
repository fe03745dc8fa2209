internal import PVUSB

/// How what was seen is shown.
enum ListStyle {
    /// A line a device.
    case devices
    /// A line a controller and a line an occupied port.
    case controllers
    /// Every controller with every port.
    case tree
    /// All that is said of one thing.
    case details

    func render(_ inventory: Inventory, asJSON: Bool, withHeader: Bool) -> String {
        switch (self, asJSON) {
        case (.devices, true): JSONText.render(DeviceListDocument(inventory))
        case (.devices, false): DeviceTable.render(inventory, withHeader: withHeader)
        case (.controllers, true), (.tree, true):
            JSONText.render(ControllerListDocument(inventory))
        case (.controllers, false): ControllerTable.render(inventory, withHeader: withHeader)
        case (.tree, false): ControllerTree.render(inventory)
        case (.details, true): JSONText.render(DetailsDocument(inventory))
        case (.details, false): DetailsText.render(inventory, withHeader: withHeader)
        }
    }
}
