import Testing

@testable import PVUSBCore

/// libxl's JSON of a domain: its two lists about USB are changed, and no other byte.
struct DomainConfigurationTests {
    /// As libxl writes it, with its final NUL.
    private static let whole = """
        {
            "c_info": {
                "name": "a \\" b",
                "uuid": "0"
            },
            "usbctrls": [
                {
                    "type": "qusb",
                    "devid": 0,
                    "version": 2,
                    "ports": 8
                }
            ],
            "on_reboot": "restart"
        }

        """ + "\0"

    private static let device = DomainConfiguration.Device(
        controller: 0, port: 1, bus: 3, address: 5)
    private static let controller = DomainConfiguration.Controller(
        number: 1, kind: "pv", version: 2, ports: 4)

    private static func read(_ text: String) throws -> DomainConfiguration {
        try DomainConfiguration(Array(text.utf8))
    }

    private static func text(_ configuration: DomainConfiguration) -> String {
        String(decoding: configuration.bytes, as: UTF8.self)
    }

    @Test func `what libxl left out has its default`() throws {
        let read = try Self.read(
            #"{"usbctrls":[{},{"devid":3}],"usbdevs":[{},{"type.hostdev":{"hostbus":9}}]}"#)
        #expect(
            read.controllers == [
                DomainConfiguration.Controller(number: -1, kind: nil, version: 0, ports: 0),
                DomainConfiguration.Controller(number: 3, kind: nil, version: 0, ports: 0),
            ])
        #expect(
            read.devices == [
                DomainConfiguration.Device(controller: -1, port: 0, bus: 0, address: 0),
                DomainConfiguration.Device(controller: -1, port: 0, bus: 9, address: 0),
            ])
    }

    @Test func `a device and a controller are written as libxl writes them`() throws {
        let changed = try Self.read(Self.whole).with(Self.device).with(Self.controller)
        #expect(
            Self.text(changed) == """
                {
                    "c_info": {
                        "name": "a \\" b",
                        "uuid": "0"
                    },
                    "usbctrls": [
                        {
                            "type": "qusb",
                            "devid": 0,
                            "version": 2,
                            "ports": 8
                        },
                        {
                            "type": "pv",
                            "devid": 1,
                            "version": 2,
                            "ports": 4
                        }
                    ],
                    "on_reboot": "restart",
                    "usbdevs": [
                        {
                            "ctrl": 0,
                            "port": 1,
                            "type.hostdev": {
                                "hostbus": 3,
                                "hostaddr": 5
                            }
                        }
                    ]
                }

                """ + "\0")
    }

    @Test func `in a compact text what is added is compact, too`() throws {
        let changed = try Self.read("{}").with(Self.device).with(Self.controller)
        #expect(
            Self.text(changed)
                == #"{"usbdevs":[{"ctrl":0,"port":1,"type.hostdev":{"hostbus":3,"hostaddr":5}}],"#
                + #""usbctrls":[{"type":"pv","devid":1,"version":2,"ports":4}]}"#)
    }

    @Test(arguments: [
        whole, "{}", "{ }", "{\n}\n\0", #"{"a":1}"#, #"{"usbdevs":[{"ctrl":7,"port":1}],"b":[]}"#,
        "{\n    \"usbdevs\": [\n        {\n            \"ctrl\": 7\n        }\n    ]\n}\n\0",
        #"{"a":{"usbdevs":[1,2]},"usbctrls":[{"devid":5}]}"#,
    ])
    func `what was added and is taken away again leaves every byte as it was`(_ text: String) throws
    {
        let before = try Self.read(text)
        let added = try before.with(Self.device).with(Self.controller)
        #expect(added.devices.last == Self.device)
        #expect(added.controllers.last == Self.controller)
        let after = try added.without(port: 1, of: 0).without(controller: 1)
        #expect(after.devices == before.devices)
        #expect(after.controllers == before.controllers)
        // White space in an empty object is all that may differ.
        guard before.bytes.contains(0x22) else { return }
        #expect(Self.text(after) == text)
    }

    @Test func `what is there is not written again, and another device takes a port's entry`()
        throws
    {
        let once = try Self.read(Self.whole).with(Self.device)
        #expect(try once.with(Self.device) == once)
        let other = DomainConfiguration.Device(controller: 0, port: 1, bus: 1, address: 9)
        #expect(try once.with(other).devices == [other])
        #expect(try once.without(port: 2, of: 0) == once)
        #expect(try once.without(controller: 9) == once)
    }

    @Test func `a controller goes with what is in its ports, and takes no other's`() throws {
        let other = DomainConfiguration.Device(controller: 4, port: 1, bus: 1, address: 9)
        let second = DomainConfiguration.Device(controller: 0, port: 2, bus: 1, address: 8)
        let full = try Self.read(Self.whole).with(Self.device).with(other).with(second)
        let rest = try full.without(controller: 0)
        #expect(rest.devices == [other])
        #expect(rest.controllers.isEmpty)
        #expect(!Self.text(rest).contains("usbctrls"))
    }

    @Test(arguments: [
        ("", 0, "'{' was expected"), ("[]", 0, "'{' was expected"),
        ("{", 1, "a word in quotes was expected"), (#"{"a"}"#, 4, "':' was expected"),
        (#"{"a":}"#, 5, "a value was expected"), (#"{"a":1"#, 6, "',' or '}' was expected"),
        (#"{"a":1,}"#, 7, "a word in quotes was expected"),
        (#"{"a":[1 2]}"#, 8, "',' or ']' was expected"),
        (#"{"a":hello}"#, 10, "a value was expected"),
        (#"{"a":"b"#, 7, "a word in quotes does not end"),
        ("{\"a\":\"\n\"}", 6, "a control character is in a word"),
        (#"{} {}"#, 3, "something follows the object"),
        ("{}\0x", 2, "something follows the object"),
        (#"{"usbdevs":[],"usbdevs":[]}"#, 14, "'usbdevs' is there twice"),
        (#"{"usbdevs":{}}"#, 11, "'usbdevs' is no list"),
        (#"{"usbdevs":[1]}"#, 12, "'{' was expected"),
    ])
    func `what is no JSON is told with its place`(
        _ text: String, _ offset: Int, _ problem: String
    ) {
        #expect(throws: MalformedJSON(offset: offset, problem: problem)) {
            try Self.read(text)
        }
    }

    @Test
    func `no part of a text is taken for the whole, and no nesting is too deep to be refused`() {
        let bytes = Array(Self.whole.utf8.dropLast(2))
        for count in 0..<bytes.count {
            #expect(throws: MalformedJSON.self) { try DomainConfiguration(Array(bytes[..<count])) }
        }
        let deep = #"{"a":"# + String(repeating: "[", count: 100_000)
        #expect(throws: MalformedJSON(offset: 68, problem: "values nest too deeply")) {
            try Self.read(deep)
        }
    }
}

/// The names of libxl's files about domains.
struct UserdataTests {
    private static let uuid = "11111111-2222-3333-4444-555555555555"

    private static func name(_ domain: Int, _ uuid: String = uuid) -> String {
        "userdata-d.\(domain).\(uuid).libxl-json"
    }

    @Test func `a host with a file of domain 0 alone has another toolstack`() {
        #expect(!Userdata(names: []).isKept)
        #expect(!Userdata(names: [Self.name(0)]).isKept)
        #expect(Userdata(names: [Self.name(0), Self.name(3)]).isKept)
    }

    @Test func `a domain's configuration is found by its number, the lock is named after both`()
        throws
    {
        let userdata = Userdata(names: [
            Self.name(3), "userdata-d.3.\(Self.uuid).xl", "userdata-l.3.\(Self.uuid).libxl-json",
            "libxl-json", Self.name(33),
        ])
        let file = try userdata.configuration(of: try #require(DomainID(3)))
        #expect(file.path == "/var/lib/xen/userdata-d.3.\(Self.uuid).libxl-json")
        #expect(file.lock.name == "userdata-l.3.\(Self.uuid).domain-userdata-lock")
    }

    @Test(arguments: [
        ([], "libxl keeps no configuration of domain 3"),
        ([name(33)], "libxl keeps no configuration of domain 3"),
        ([name(3, "../../etc/passwd")], "libxl keeps no configuration of domain 3"),
        (
            [name(3), name(3, "99999999-2222-3333-4444-555555555555")],
            "libxl keeps 2 configurations of domain 3"
        ),
    ])
    func `none and two are told`(_ names: [String], _ message: String) throws {
        let domain = try #require(DomainID(3))
        #expect(throws: UserdataProblem(message)) {
            try Userdata(names: names).configuration(of: domain)
        }
    }
}
