import Testing

@testable import PVUSBCore

/// Runs a survey against a little host and notes its waves.
private struct Looking {
    var waves: [Effect] = []
    let result: Result<Observation, PVUSBError>

    init(_ scope: SurveyScope, at host: LittleHost) {
        var host = host
        var survey = Survey(scope)
        var progress = survey.next(nil)
        while true {
            switch progress {
            case .finished(let result):
                self.result = result
                return
            case .ask(let effect):
                waves.append(effect)
                progress = survey.next(host.perform(effect))
            }
        }
    }

    /// Every request to the store, in order.
    var requests: [StoreRequest] {
        waves.flatMap { wave -> [StoreRequest] in
            if case .store(let batch) = wave { batch } else { [] }
        }
    }

    var observation: Observation? { try? result.get() }
}

struct SurveyTests {
    @Test func `everything takes four waves of the store and two of sysfs`() {
        let looking = Looking(.everything, at: LittleHost())
        #expect(looking.waves == LittleHost.look)
        #expect(looking.observation?.controllers.map(\.ports) == [[.free, .free]])
        #expect(looking.observation?.host.devices.map(\.id) == [bus("1-1")])
    }

    @Test func `the number of waves does not grow with what there is`() {
        var host = LittleHost()
        for domain in 6...40 { host.addGuest(UInt16(domain), ports: 31) }
        #expect(Looking(.everything, at: host).waves.count == LittleHost.look.count)
    }

    @Test func `records take no wave more`() {
        var host = LittleHost()
        host.apply(Record(.attached).writes(for: bus("1-1")))
        let looking = Looking(.everything, at: host)
        #expect(looking.waves.count == LittleHost.look.count)
        #expect(looking.observation?.records == [bus("1-1"): Record(.attached)])
        #expect(looking.observation?.recordsAreOurs == true)
    }

    @Test(arguments: [Focus.device(bus("1-1"), nil), .device(bus("1-1"), domid(5))])
    func `around a device, other domains are asked what their ports hold, and no more`(
        focus: Focus
    ) {
        var host = LittleHost()
        host.addGuest(6, ports: 2)
        let asked = Looking(.around(focus), at: host).requests.compactMap(\.path?.text)
            .filter { $0.split(separator: "/").contains("6") }
        let record = "/libxl/6/device/vusb"
        let backend = "/local/domain/0/backend/vusb/6"
        #expect(
            asked == [
                record, backend, "\(record)/0/num-ports", "\(backend)/0/port/1",
                "\(backend)/0/port/2",
            ])
    }

    @Test func `around a record, other domains are not asked at all`() throws {
        var host = try LittleHost.attached()
        let few = Looking(.around(.recorded(bus("1-1"))), at: host)
        for domain in 6...40 { host.addGuest(UInt16(domain), ports: 31) }
        let many = Looking(.around(.recorded(bus("1-1"))), at: host)
        #expect(few.waves == LittleHost.glanceAtRecord)
        #expect(many.waves == few.waves)
        #expect(many.observation?.status(of: bus("1-1")).state == .assigned)
    }

    @Test func `around the record of a device that has none, no domain is asked`() {
        let looking = Looking(.around(.recorded(bus("1-1"))), at: LittleHost())
        #expect(looking.waves == LittleHost.glanceAtHost)
        #expect(looking.observation?.records == [:])
        #expect(looking.observation?.notes == [:])
    }

    @Test func `around a domain, other domains are not asked at all`() {
        var host = LittleHost()
        let few = Looking(.around(.domain(.number(domid(5)))), at: host)
        for domain in 6...40 { host.addGuest(UInt16(domain), ports: 31) }
        let many = Looking(.around(.domain(.number(domid(5)))), at: host)
        #expect(many.waves == few.waves)
        #expect(few.requests.count == 18)
        #expect(many.observation?.controllers == few.observation?.controllers)
        #expect(few.observation?.host.devices.isEmpty == true)
    }

    @Test func `around a domain that is told by name, others are asked their names`() {
        var host = LittleHost()
        let few = Looking(.around(.domain(.name("win10"))), at: host)
        for domain in 6...40 { host.addGuest(UInt16(domain), ports: 31) }
        let many = Looking(.around(.domain(.name("win10"))), at: host)
        #expect(many.requests.count - few.requests.count == 35)
    }

    @Test func `around a domain, another domain is asked if a record says its port has the device`()
    {
        var host = LittleHost()
        host.addGuest(6, ports: 2)
        host.nodes[LittleHost.port] = "1-1"
        host.nodes["/local/domain/0/backend/vusb/6/0/port/2"] = "1-1"
        let record = Record(
            goal: .attached, place: place(2, of: 6), vm: "/vm/6", identity: nil,
            interfaces: [])
        host.apply(record.writes(for: bus("1-1")))
        let seen = Looking(.around(.domain(.number(domid(5)))), at: host).observation
        #expect(seen?.status(of: bus("1-1")).state == .contested)
        #expect(seen?.host.devices.map(\.id) == [bus("1-1")])
    }

    @Test func `one device's drivers take two waves of sysfs and none of the store`() {
        let looking = Looking(.drivers(of: bus("1-1")), at: LittleHost())
        #expect(looking.waves == LittleHost.lookAtDevice)
    }

    @Test func `a record and a controller take two waves of the store and none of sysfs`() {
        let scope = SurveyScope.store(device: bus("1-1"), controller: controllerID())
        let looking = Looking(scope, at: LittleHost())
        #expect(looking.waves == LittleHost.lookAtStore)
    }

    @Test func `without a store only sysfs is asked`() {
        let looking = Looking(.hostOnly, at: LittleHost())
        #expect(looking.waves.count == 2)
        #expect(looking.requests == [])
    }

    @Test func `a refusal that domain 0 never gets ends with permission`() {
        var host = LittleHost()
        host.refused = .accessDenied
        #expect(
            Looking(.everything, at: host).result
                == .failure(
                    PVUSBError(
                        .permission, "xenstored refused the reading of /libxl/pvusb/version",
                        cause: "EACCES", remedy: "run pvusb as root in domain 0")))
    }

    @Test func `a lost store ends it`() {
        var survey = Survey(.everything)
        _ = survey.next(nil)
        #expect(survey.next(.storeLost("EOF")) == .finished(.failure(.storeIsLost)))
    }

    @Test(arguments: [
        "/local/domain/x", "/local/domain/05", "/local/domain/32752", "/local/domain/99999",
        "/libxl/5/device/vusb/256", "/libxl/5/device/vusb/x", "/libxl/5/device/vusb/00",
        "/libxl/pvusb/device/x", "/libxl/pvusb/device/1-1@1_0", "/libxl/pvusb/later",
    ])
    func `a child that means nothing is neither asked about nor shown`(path: String) {
        var host = LittleHost()
        host.nodes[path] = ""
        let looking = Looking(.everything, at: host)
        #expect(looking.waves == LittleHost.look)
        #expect(looking.observation == Looking(.everything, at: LittleHost()).observation)
    }

    @Test(arguments: ["0", "32", "255", "999999", "-1", "x", ""])
    func `where the number of ports makes no sense, the ports that are there count`(
        count: String
    ) {
        var host = LittleHost()
        host.nodes["/libxl/5/device/vusb/0/num-ports"] = count
        host.nodes[LittleHost.port] = "1-1"
        let looking = Looking(.everything, at: host)
        #expect(looking.waves.count == LittleHost.look.count + 1)
        #expect(
            looking.observation?.controllers.map(\.ports) == [[.device(bus("1-1")), .free]])
        #expect(
            looking.observation?.oddities.map(\.message) == [
                "/libxl/5/device/vusb/0/num-ports holds '\(count)', which is no number from 1 to 31"
            ])
    }

    @Test(arguments: [
        ("/local/domain/3/backend/vusb/5/0", UInt16(3)),  // a driver domain's
        ("/local/domain/0/backend/qusb/5/0", 0),  // another kind's
        ("/local/domain/0/backend/vusb/6/0", 0),  // another domain's
        ("garbage", 0),
    ])
    func `no path is followed but the backend's in domain 0`(path: String, domain: UInt16) {
        var host = LittleHost()
        host.nodes["/libxl/5/device/vusb/0/backend"] = path
        let looking = Looking(.everything, at: host)
        let followed = looking.requests.compactMap(\.path?.text)
            .filter { $0.hasPrefix("/local/domain/3") || $0.contains("/port/") }
        #expect(followed == [])
        #expect(looking.observation?.controllers.map(\.backendDomain) == [domid(domain)])
    }

    @Test func `the ports of QEMU's own backend are read, too`() {
        var host = LittleHost()
        let backend = "/local/domain/0/backend/qusb/5/0"
        host.nodes["/libxl/5/device/vusb/0/type"] = "qusb"
        host.nodes["/libxl/5/device/vusb/0/backend"] = backend
        host.nodes["\(backend)/port/1"] = "1-1"
        let seen = Looking(.everything, at: host).observation
        #expect(seen?.controllers.map(\.kind) == [.qusb])
        #expect(seen?.controllers.map(\.ports) == [[.device(bus("1-1")), .missing]])
        // Its domain has no QEMU that could have it.
        #expect(seen?.status(of: bus("1-1")).state == .assignedUncaptured)
    }

    @Test func `what the guest says of its state is kept apart`() {
        var host = LittleHost()
        host.nodes["/local/domain/5/device/vusb/0/state"] = "6"
        let views = Looking(.everything, at: host).observation?.controllers
        #expect(views?.map(\.frontendState?.forShowing) == [.closed])
        #expect(views?.map(\.backendState) == [.connected])
    }

    @Test func `a port that holds no bus id is shown as unreadable`() {
        var host = LittleHost()
        host.nodes[LittleHost.port] = "../1-1"
        #expect(
            Looking(.everything, at: host).observation?.controllers.map(\.ports)
                == [[.unreadable(Untrusted("../1-1")), .free]])
    }

    @Test func `a sysfs that can't be listed is told`() {
        var host = LittleHost()
        host.hasSysfs = false
        #expect(
            Looking(.hostOnly, at: host).result
                == .failure(
                    PVUSBError(
                        .failed, "/sys/bus/usb/devices can't be listed", cause: "ENOENT",
                        remedy: "load the module usbcore, or name another tree with --sysfs")))
    }
}
