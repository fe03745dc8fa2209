// swift-tools-version: 6.2
import PackageDescription

/// The language rules of every target: CONTRIBUTING.md says why.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

let argumentParser: Target.Dependency = .product(
    name: "ArgumentParser", package: "swift-argument-parser")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let system: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")

func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(
        name: name, dependencies: dependencies, exclude: ["README.md"], swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

let package = Package(
    name: "pvusb-swift",
    products: [
        .executable(name: "pvusb", targets: ["PVUSBTool"]),
        .executable(name: "explore", targets: ["ExploreTool"]),
        .library(name: "PVUSB", targets: ["PVUSB", "PVUSBCore", "USBModel"]),
        .library(name: "XenStore", targets: ["XenStore", "XenStoreWire"]),
        .library(name: "XenStoreServer", targets: ["XenStoreServer", "XenStoreWire"]),
    ],
    dependencies: [
        .package(
            url: "https://github.com/apple/swift-argument-parser", .upToNextMinor(from: "1.8.2")),
        .package(url: "https://github.com/apple/swift-log", .upToNextMinor(from: "1.16.2")),
        .package(url: "https://github.com/apple/swift-system", .upToNextMinor(from: "1.8.1")),
    ],
    targets: [
        .target(name: "CLinux", exclude: ["README.md"]),
        library("XenStoreWire", []),
        library("USBModel", []),
        library("XenStore", ["XenStoreWire", "CLinux", system, logging]),
        library("XenStoreServer", ["XenStoreWire", "CLinux", system]),
        library("HostUSB", ["USBModel", "CLinux", system]),
        library("DeviceModel", ["CLinux", system]),
        library("PVUSBCore", ["XenStoreWire", "USBModel"]),
        library("PVUSB", ["PVUSBCore", "XenStore", "HostUSB", "DeviceModel"]),
        library(
            "Simulation",
            ["XenStoreWire", "XenStore", "XenStoreServer", "USBModel", "HostUSB", "DeviceModel"]),
        library("Exploration", ["PVUSBCore", "Simulation"]),
        library("PVUSBCommands", ["PVUSB", "Simulation", argumentParser]),
        .executableTarget(
            name: "PVUSBTool", dependencies: ["PVUSBCommands"], exclude: ["README.md"],
            swiftSettings: strict),
        .executableTarget(
            name: "ExploreTool", dependencies: ["Exploration"], exclude: ["README.md"],
            swiftSettings: strict),
        .target(
            name: "TestSupport", dependencies: ["XenStoreServer"], path: "Tests/TestSupport",
            swiftSettings: strict),
        .executableTarget(
            name: "StoreProbe", dependencies: ["XenStore", "XenStoreWire"],
            path: "Tests/StoreProbe", swiftSettings: strict),
        tests("XenStoreWireTests", ["XenStoreWire"]),
        tests("USBModelTests", ["USBModel"]),
        tests("XenStoreServerTests", ["XenStoreServer", "XenStoreWire"]),
        tests(
            "XenStoreTests",
            ["XenStore", "XenStoreServer", "XenStoreWire", "TestSupport"]),
        tests("HostUSBTests", ["HostUSB", "USBModel", "CLinux", "TestSupport"]),
        tests("DeviceModelTests", ["DeviceModel", "CLinux", "TestSupport"]),
        tests("PVUSBCoreTests", ["PVUSBCore"]),
        tests(
            "SimulationTests",
            [
                "Simulation", "XenStore", "XenStoreServer", "XenStoreWire", "USBModel", "HostUSB",
                "TestSupport",
            ]),
        tests(
            "PVUSBTests",
            [
                "PVUSB", "Simulation", "HostUSB", "DeviceModel", "XenStore", "XenStoreServer",
                "TestSupport",
            ]),
        tests("ExplorationTests", ["Exploration", "PVUSBCore", "Simulation"]),
        tests(
            "PVUSBCommandsTests",
            ["PVUSBCommands", "PVUSB", "Simulation", "HostUSB", "TestSupport"]),
    ],
    swiftLanguageModes: [.v6]
)
