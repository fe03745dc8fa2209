import PVUSBCore

/// Every combination of what can be seen of a small device.
enum PlannerScenes {
    private static let goals: [RecordGoal] = [.attach, .attached, .detach, .parked]
    private static let same = HostDevice("1-1").identity
    private static let another = HostDevice("1-1", hash: 8).identity

    /// Our own record, the drivers, two ports and usbback's table.
    static let plain: [Scene] = {
        let names = ["usbhid", "uas", "", "usbback"]
        let drivers: [[String]?] = [nil] + names.flatMap { first in names.map { [first, $0] } }
        let records: [Record?] =
            [nil]
            + goals.flatMap { goal in
                [place(1), nil].flatMap { place in
                    [same, another, nil].map {
                        Record(goal, at: place, drivers: ["usbhid", "uas"], identity: $0)
                    }
                }
            }
        let ports = [["", ""], ["1-1", ""], ["", "1-1"], ["1-1", "1-1"], ["9-9", ""]]
        let tables = [nil, [], ["1-1:5:0:1"], ["1-1:5:0:2"]]
        return drivers.flatMap { drivers in
            records.flatMap { record in
                ports.flatMap { ports in
                    tables.map { Scene(drivers, ports: ports, record: record, table: $0) }
                }
            }
        }
    }()

    private static let drivers: [[String]?] = [
        nil, ["usbhid", "uas"], ["usbback", "usbback"], ["usbback", ""], ["", ""],
        ["usbhid", "usbback"],
    ]

    /// Records of controllers that were made, and of an earlier domain of the same number.
    private static let records: [Record] = goals.flatMap { goal in
        [place(1), place(1, on: 1), nil].flatMap { place in
            [nil, controllerID(1)].flatMap { created in
                ["/vm/a", "/vm/before"].flatMap { vm in
                    [same, another].map {
                        Record(
                            goal, at: place, created: created, vm: vm,
                            drivers: ["usbhid", "uas"], identity: $0)
                    }
                }
            }
        }
    }

    /// With a second controller, which an attach may have made, and with xl's notes.
    static let rich: [Scene] = {
        let second: [[ControllerView]] = [["", ""], ["1-1", ""], ["9-9", ""]].map {
            [ControllerView($0, id: controllerID(1))]
        }
        let waiting = [ControllerView([""], id: controllerID(1), state: .initWait)]
        return drivers.flatMap { drivers in
            ([nil] + records).flatMap { record in
                [["9-9"], ["1-1"]].flatMap { ports in
                    (second + [waiting]).map { others in
                        var scene = Scene(drivers, ports: ports, record: record)
                        scene.controllers += others
                        scene.table = scene.observation.places(of: bus("1-1")).prefix(1)
                            .map { "1-1:5:\($0.controller.number.number):\($0.port.number)" }
                        return scene
                    }
                }
            }
        }.flatMap { [$0, $0.noted] }
    }()

    /// The domain is gone, its backend is not.
    static let orphaned: [Scene] = drivers.flatMap { drivers in
        ([nil] + records).flatMap { record in
            [["1-1", ""], ["", ""]].flatMap { ports in
                [[], ["1-1:5:0:1"]].map {
                    Scene.orphaned(drivers, ports: ports, record: record, table: $0)
                }
            }
        }
    }.flatMap { [$0, $0.noted] }
}

extension Scene {
    /// The same with what xl noted of the device's drivers.
    fileprivate var noted: Scene {
        var scene = self
        scene.notes[bus("1-1")] = DriverNotes(of: "1-1", ["uas", "usb-storage"])
        return scene
    }
}
