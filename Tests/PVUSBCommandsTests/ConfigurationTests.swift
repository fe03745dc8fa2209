import Foundation
import Simulation
import Testing

/// libxl's JSON of a domain is kept in step, or left alone, with the reason told.
struct ConfigurationTests {
    private static let uuid = "11111111-2222-3333-4444-555555555555"
    private static let file = "userdata-d.1.\(uuid).libxl-json"
    private static let other = "userdata-d.2.\(uuid).libxl-json"

    private static let json = """
        {
            "c_info": {
                "name": "pv1"
            },
            "on_reboot": "restart"
        }

        """ + "\0"

    private static let full = """
        {
            "c_info": {
                "name": "pv1"
            },
            "on_reboot": "restart",
            "usbctrls": [
                {
                    "type": "pv",
                    "devid": 0,
                    "version": 2,
                    "ports": 8
                }
            ],
            "usbdevs": [
                {
                    "ctrl": 0,
                    "port": 1,
                    "type.hostdev": {
                        "hostbus": 1,
                        "hostaddr": 2
                    }
                }
            ]
        }

        """ + "\0"

    private func sandbox(_ userdata: [String: String]) throws -> Sandbox {
        var world = World.builtIn()
        world.userdata = userdata.mapValues { Array($0.utf8) }
        return try Sandbox(try world.json())
    }

    private func userdata(_ sandbox: Sandbox) throws -> [String: String] {
        try World(json: try sandbox.world()).userdata
            .mapValues { String(decoding: $0, as: UTF8.self) }
    }

    @Test func `it lists a guest's controller and device, and after both are gone is as it was`()
        throws
    {
        let sandbox = try sandbox([Self.file: Self.json])
        #expect(try sandbox.pvusb("attach", "pv1", "1-1") == .good("1-1 in pv1 at 0:1\n"))
        #expect(try userdata(sandbox) == [Self.file: Self.full])
        #expect(try sandbox.pvusb("detach", "1-1") == .good("1-1 with its host drivers\n"))
        #expect(
            try sandbox.pvusb("controller", "remove", "pv1", "0")
                == .good("no controller 0 in pv1\n"))
        #expect(try userdata(sandbox) == [Self.file: Self.json])
    }

    @Test func `a controller that is removed takes its devices' entries with it`() throws {
        let sandbox = try sandbox([Self.file: Self.json])
        try sandbox.expectSuccess("attach", "pv1", "1-1")
        try sandbox.expectSuccess("controller", "remove", "pv1", "0")
        #expect(try userdata(sandbox) == [Self.file: Self.json])
    }

    @Test func `a dry run tells of it and changes nothing`() throws {
        let sandbox = try sandbox([Self.file: Self.json])
        let run = try sandbox.pvusb("attach", "pv1", "1-1", "--dry-run")
        #expect(
            run.output.contains(
                "configure  domain 1 controller 0  for libxl\n"))
        #expect(
            run.output.contains(
                "configure  domain 1 port 0:1      for libxl\n"))
        #expect(try userdata(sandbox) == [Self.file: Self.json])
    }

    @Test(arguments: [
        (
            [other: json], "libxl keeps no configuration of domain 1"
        ),
        (
            [file: json, "userdata-d.1.99999999-2222-3333-4444-555555555555.libxl-json": json],
            "libxl keeps 2 configurations of domain 1"
        ),
        (
            [file: #"{"usbdevs":[}"#],
            "/var/lib/xen/\(file) is malformed at byte 12: a value was expected"
        ),
    ])
    func `one that can't be kept is left alone, and the device is given all the same`(
        _ files: [String: String], _ reason: String
    ) throws {
        let sandbox = try sandbox(files)
        #expect(
            try sandbox.pvusb("attach", "pv1", "1-1")
                == .good("1-1 in pv1 at 0:1\nlibxl's configuration was left alone: \(reason)\n"))
        #expect(try userdata(sandbox) == files)
        #expect(
            try sandbox.pvusb("detach", "1-1")
                == .good(
                    "1-1 with its host drivers\nlibxl's configuration was left alone: \(reason)\n"))
        #expect(try userdata(sandbox) == files)
    }

    @Test func `a guest that is gone has none to keep`() throws {
        let sandbox = try sandbox([Self.file: Self.json, Self.other: Self.json])
        try sandbox.expectSuccess("attach", "pv1", "1-1")
        var world = try World(json: try sandbox.world())
        world.destroy(1, leavingBackend: true)
        try sandbox.write(try world.json())
        #expect(try sandbox.pvusb("recover").code == 0)
        #expect(try userdata(sandbox) == [Self.other: Self.json])
    }
}
