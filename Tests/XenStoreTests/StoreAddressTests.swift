import Testing

@testable import XenStore

struct StoreAddressTests {
    private static let usual = ["/dev/xen/xenbus", "/proc/xen/xenbus"]

    @Test(arguments: [
        ([:], ["/run/xenstored/socket", "/var/run/xenstored/socket"] + usual),
        (["XENSTORED_RUNDIR": "/x"], ["/x/socket"] + usual),
        (["XENSTORED_PATH": "/y/s", "XENSTORED_RUNDIR": "/x"], ["/y/s"]),
        (["XENSTORED_PATH": ""], ["/run/xenstored/socket", "/var/run/xenstored/socket"] + usual),
    ])
    func `xenstored is looked for where libxenstore looks`(
        environment: [String: String], places: [String]
    ) {
        #expect(StoreAddress.candidates { environment[$0] } == places)
    }

    @Test(arguments: ["/dev/null"])
    func `a character device is a way to the kernel`(path: String) {
        #expect(StoreAddress(existing: path) == .device(path))
    }

    @Test(arguments: ["/etc/passwd", "/etc", "/no/such/file"])
    func `anything else is no way to a store`(path: String) {
        #expect(StoreAddress(existing: path) == nil)
    }
}
