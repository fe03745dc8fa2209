import DeviceModel
import Testing

struct QMPMessageTests {
    /// A line of QEMU's, and the message it is.
    static let good: [(line: String, message: QMPMessage)] = [
        (
            #"{"QMP": {"version": {"qemu": {"micro": 0, "minor": 2, "major": 9}}, "#
                + #""capabilities": ["oob"]}}"#, .greeting
        ),
        (#"{"return": {}}"#, .result(.object([:]), id: nil)),
        (#"{"return": {}, "id": 7}"#, .result(.object([:]), id: 7)),
        (#"{"id": 7, "return": []}"#, .result(.list([]), id: 7)),
        (#"{"return": null, "id": 0}"#, .result(.null, id: 0)),
        (#"{"return": "text", "id": -1}"#, .result(.text("text"), id: -1)),
        (#"{"return": true, "id": "seven"}"#, .result(.bool(true), id: nil)),
        (
            #"{"return": [{"name": "xenusb-0", "type": "child<nec-usb-xhci>"}], "id": 1}"#,
            .result(
                .list([
                    .object([
                        "name": .text("xenusb-0"), "type": .text("child<nec-usb-xhci>"),
                    ])
                ]), id: 1)
        ),
        (
            #"{"error": {"class": "DeviceNotFound", "desc": "Device 'x' not found"}, "id": 3}"#,
            .refusal(errorClass: "DeviceNotFound", description: "Device 'x' not found", id: 3)
        ),
        (
            #"{"error": {"class": "GenericError", "desc": ""}}"#,
            .refusal(errorClass: "GenericError", description: "", id: nil)
        ),
        (
            #"{"timestamp": {"seconds": 1700000000, "microseconds": 5}, "#
                + #""event": "DEVICE_DELETED", "data": {"device": "xenusb-3-5", "path": "/x"}}"#,
            .event(
                name: "DEVICE_DELETED",
                data: ["device": .text("xenusb-3-5"), "path": .text("/x")])
        ),
        (#"{"event": "RESUME"}"#, .event(name: "RESUME", data: [:])),
        (#"{"event": "ODD", "data": 3}"#, .event(name: "ODD", data: [:])),
        (#" { "return" : { } } "#, .result(.object([:]), id: nil)),
        (#"{"return": "ä\u00e4\n"}"#, .result(.text("ää\n"), id: nil)),
        (#"{"return": {}, "unknown": 1}"#, .result(.object([:]), id: nil)),
    ]

    @Test(arguments: good)
    func `a line is a message`(line: String, message: QMPMessage) throws {
        #expect(try QMPMessage(line: Array(line.utf8)) == message)
    }

    @Test(arguments: [
        "{}",  // nothing that is known
        "[]", "3", "null", #""text""#, "true",  // no object
        #"{"id": 1}"#,  // an id of nothing
        #"{"event": 3}"#,  // an event without a name
        #"{"error": "no"}"#,  // an error that is no object
        #"{"error": {}}"#,  // without class and sentence
        #"{"error": {"class": "GenericError"}}"#,  // without a sentence
        #"{"error": {"desc": "no"}}"#,  // without a class
        #"{"error": {"class": 1, "desc": "no"}}"#,  // a class that is no text
    ])
    func `JSON of another shape is no message`(line: String) {
        #expect(throws: QMPFailure.malformed("a line is no QMP message")) {
            try QMPMessage(line: Array(line.utf8))
        }
    }

    @Test(arguments: [
        "", " ", "hello",  // no JSON
        #"{"return": {}"#, #"{"return""#, "{",  // cut off
        #"{"return": {}} {"return": {}}"#,  // two in a line
        #"{"return": 1.5}"#,  // a fraction: nothing we ask for has one
        #"{"return": 99999999999999999999}"#,  // more than 64 bits
        #"{"return": "\q"}"#,  // no escape of JSON's
    ])
    func `what is no JSON of ours is quoted`(line: String) {
        #expect(throws: QMPFailure.malformed("a line is not JSON: \(line)")) {
            try QMPMessage(line: Array(line.utf8))
        }
    }

    @Test func `only the start of a bad line is quoted, and bad bytes are repaired`() {
        let long = Array(repeating: UInt8(ascii: "x"), count: 5_000)
        let start = String(repeating: "x", count: 80)
        #expect(throws: QMPFailure.malformed("a line is not JSON: \(start)")) {
            try QMPMessage(line: long)
        }
        #expect(throws: QMPFailure.malformed("a line is not JSON: \u{fffd}{")) {
            try QMPMessage(line: [0xff, UInt8(ascii: "{")])
        }
    }

    @Test func `arrays nested without end are refused, not followed`() {
        let line = #"{"return": "# + String(repeating: "[", count: 100_000)
        #expect(throws: QMPFailure.self) { try QMPMessage(line: Array(line.utf8)) }
    }

    // MARK: - Commands

    /// A command, and its line.
    static let commands: [(command: QMPCommand, line: String)] = [
        (
            QMPCommand("qmp_capabilities"),
            #"{"arguments":{},"execute":"qmp_capabilities","id":5}"#
        ),
        (
            QMPCommand(
                "device_add",
                [
                    "driver": .text("nec-usb-xhci"), "id": .text("xenusb-0"), "p2": .number(4),
                    "p3": .number(4),
                ]),
            #"{"arguments":{"driver":"nec-usb-xhci","id":"xenusb-0","p2":4,"p3":4},"#
                + #""execute":"device_add","id":5}"#
        ),
        (
            QMPCommand("qom-list", ["path": .text("/machine/peripheral")]),
            #"{"arguments":{"path":"/machine/peripheral"},"execute":"qom-list","id":5}"#
        ),
        (
            QMPCommand("x", ["text": .text("a\"b\\c\nd\u{1}")]),
            #"{"arguments":{"text":"a\"b\\c\nd\u0001"},"execute":"x","id":5}"#
        ),
        (
            QMPCommand(
                "x", ["all": .list([.null, .bool(true), .bool(false), .number(1), .object([:])])]),
            #"{"arguments":{"all":[null,true,false,1,{}]},"execute":"x","id":5}"#
        ),
    ]

    @Test(arguments: commands)
    func `a command is one line of JSON`(command: QMPCommand, line: String) throws {
        #expect(String(decoding: try command.line(id: 5), as: UTF8.self) == line + "\n")
    }

    @Test(arguments: [0, 1, -1, 10, Int.max, Int.min])
    func `integers stay integers there and back`(number: Int) throws {
        let command = QMPCommand("x", ["n": .number(number)])
        let sent = String(decoding: try command.line(id: 1), as: UTF8.self)
        #expect(sent.contains("\"n\":\(number)}"))
        let reply = #"{"return": {"n": \#(number)}}"#
        #expect(
            try QMPMessage(line: Array(reply.utf8))
                == .result(.object(["n": .number(number)]), id: nil))
    }

    @Test func `numbers, booleans and texts are not mistaken for each other`() throws {
        let line = #"{"return": [0, 1, true, false, "1", "true", "", null]}"#
        #expect(
            try QMPMessage(line: Array(line.utf8))
                == .result(
                    .list([
                        .number(0), .number(1), .bool(true), .bool(false), .text("1"),
                        .text("true"), .text(""), .null,
                    ]), id: nil))
    }
}
