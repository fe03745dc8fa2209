"""The import table: which module may use which. CONTRIBUTING.md shows the same table to people.

A change of this table is a change of the architecture: argue for it in the commit.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """What one module may import: our modules, other packages' products, toolchain modules."""

    modules: tuple = ()
    products: tuple = ()
    toolchain: tuple = ()

    @property
    def dependencies(self):
        """What the manifest must list for the module, no more and no less."""
        return set(self.modules) | set(self.products)

    @property
    def imports(self):
        """What an import statement in the module may name."""
        return self.dependencies | set(self.toolchain)


SYSTEM = ("Glibc", "Synchronization")
JSON = ("FoundationEssentials",)

HOUSE = {
    "CLinux": Row(),
    "XenStoreWire": Row(),
    "USBModel": Row(),
    "PVUSBCore": Row(("XenStoreWire", "USBModel")),
    "XenStore": Row(
        ("XenStoreWire", "CLinux"), ("SystemPackage", "Logging"), SYSTEM + ("Dispatch",)),
    "XenStoreServer": Row(("XenStoreWire", "CLinux"), ("SystemPackage",), SYSTEM),
    "HostUSB": Row(("USBModel", "CLinux"), ("SystemPackage",), SYSTEM),
    "DeviceModel": Row(("CLinux",), ("SystemPackage",), SYSTEM + JSON),
    "PVUSB": Row(
        ("PVUSBCore", "XenStore", "HostUSB", "DeviceModel"), (), SYSTEM + JSON),
    "Simulation": Row(
        ("XenStoreWire", "XenStore", "XenStoreServer", "USBModel", "HostUSB", "DeviceModel"),
        (), SYSTEM + JSON),
    "Exploration": Row(("PVUSBCore", "Simulation")),
    "ExploreTool": Row(("Exploration",), (), SYSTEM),
    "PVUSBCommands": Row(("PVUSB", "Simulation"), ("ArgumentParser",), SYSTEM + JSON),
    "PVUSBTool": Row(("PVUSBCommands",), (), SYSTEM),
}
