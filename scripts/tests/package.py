"""A small package that keeps every house rule, to be broken in one place by a test."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))

from tidy.house import HOUSE  # noqa: E402

HEAD = """// swift-tools-version: 6.2
import PackageDescription

let argumentParser: Target.Dependency = .product(
    name: "ArgumentParser", package: "swift-argument-parser")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")

func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, exclude: ["README.md"])
}

let package = Package(
    name: "pvusb-swift",
    products: [.executable(name: "pvusb", targets: ["PVUSBTool"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-log", from: "1.0.0")
    ],
    targets: [
"""
TAIL = """        .target(
            name: "TestSupport", dependencies: ["USBModel"], path: "Tests/TestSupport"),
        tests("USBModelTests", ["USBModel", "TestSupport"]),
        .testTarget(name: "PVUSBCoreTests", dependencies: ["PVUSBCore"]),
    ]
)
"""
CONSTANTS = {"ArgumentParser": "argumentParser", "Logging": "logging"}
SWIFT = """/// A value of the module.
public struct Value {
    /// Its number.
    public let number: Int
}
"""


def write(root, path, text, mode=0o644):
    """Writes one file of a package and the directories above it."""
    place = Path(root) / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)
    place.chmod(mode)


def manifest():
    """A manifest that lists what the import table says."""
    lines = []
    for name, row in HOUSE.items():
        items = [f'"{module}"' for module in row.modules]
        for product in row.products:
            items.append(CONSTANTS.get(
                product, f'.product(name: "{product}", package: "swift-{product.lower()}")'))
        listing = ", ".join(items)
        if name == "CLinux":
            lines.append('        .target(name: "CLinux", exclude: ["README.md"]),\n')
        elif name == "PVUSBTool":
            lines.append("        .executableTarget(\n"
                         f'            name: "{name}", dependencies: [{listing}]),\n')
        else:
            lines.append(f'        library("{name}", [{listing}]),\n')
    return HEAD + "".join(lines) + TAIL


def build(root):
    """Writes the whole package."""
    write(root, "Package.swift", manifest())
    for name in HOUSE:
        write(root, f"Sources/{name}/README.md", f"# {name}\n")
        if name != "CLinux":
            write(root, f"Sources/{name}/Value.swift", SWIFT)
    for name in ("TestSupport", "USBModelTests", "PVUSBCoreTests"):
        write(root, f"Tests/{name}/Some.swift", "import Testing\n")
    write(root, "scripts/go", "#!/usr/bin/env bash\n# Goes. Usage: scripts/go\n", 0o755)
