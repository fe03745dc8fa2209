import Testing

struct ChangingTests {
    @Test func `a controller is made and numbered`() throws {
        let sandbox = try Sandbox.builtIn()
        #expect(try sandbox.pvusb("controller", "add", "pv1") == .good("controller 0 in pv1\n"))
        #expect(
            try sandbox.pvusb("controller", "add", "pv1", "-v")
                == .good(
                    """
                    create  domain 1 controller 1  pv usb2 8 ports  done
                    await   domain 1 controller 1  backend ready    done
                    controller 1 in pv1

                    """))
    }

    @Test func `a controller goes after its devices and leaves no trace`() throws {
        let sandbox = try Sandbox.builtIn()
        let before = try sandbox.world()
        _ = try sandbox.pvusb("controller", "add", "pv1")
        _ = try sandbox.pvusb("attach", "pv1", "1-3.2")
        #expect(
            try sandbox.pvusb("controller", "remove", "pv1", "0", "-v")
                == .good(
                    """
                    record  1-3.2                  detach               done
                    unbind  1-3.2:1.0              usbback              done
                    clear   1-3.2                  domain 1 port 0:1    done
                    await   1-3.2                  released by usbback  done
                    bind    1-3.2:1.0              usb-storage          done
                    forget  1-3.2                                       done
                    close   domain 1 controller 0                       done
                    await   domain 1 controller 0  closed               done
                    remove  domain 1 controller 0                       done
                    no controller 0 in pv1

                    """))
        #expect(try sandbox.world() == before)
        #expect(
            try sandbox.pvusb("controller", "remove", "pv1", "0")
                == .bad(5, "pvusb: pv1 has no controller 0\n  try: pvusb list pv1\n"))
        let range = "is no controller: it is a number from 0 to 255\n"
        for word in ["256", "x", ""] {
            #expect(
                try sandbox.pvusb("controller", "remove", "pv1", word)
                    == .bad(2, "pvusb: '\(word)' \(range)"))
        }
    }

    @Test func `an attach says where the device is`() throws {
        let sandbox = try Sandbox.withController()
        #expect(try sandbox.pvusb("attach", "pv1", "1-3.2") == .good("1-3.2 in pv1 at 0:1\n"))
        let before = try sandbox.world()
        let again = ProgramRun.good("1-3.2 in pv1 at 0:1: already so\n")
        #expect(try sandbox.pvusb("attach", "pv1", "1-3.2") == again)
        #expect(try sandbox.pvusb("attach", "pv1", "1-3.2", "-v") == again)
        #expect(try sandbox.pvusb("attach", "1", "1-3.2", "--at", "0:01") == again)
        #expect(try sandbox.world() == before)
    }

    @Test func `an attach with -v shows its steps`() throws {
        #expect(
            try Sandbox.withController().pvusb("attach", "pv1", "1-4", "--at", "0:3", "-v")
                == .good(
                    """
                    await   domain 1 controller 0  connected          already so
                    claim   1-4                    domain 1 port 0:3  done
                    await   1-4                    listed by usbback  done
                    unbind  1-4:1.0                snd-usb-audio      done
                    unbind  1-4:1.1                snd-usb-audio      done
                    bind    1-4:1.0                usbback            done
                    bind    1-4:1.1                usbback            done
                    record  1-4                    attached           done
                    1-4 in pv1 at 0:3

                    """))
    }

    @Test(arguments: ["1-3.2", "0781:5567", "0781:5567@4C530001230808117371", "1.6", "001.006"])
    func `a device has several names`(name: String) throws {
        let sandbox = try Sandbox.withController()
        #expect(try sandbox.pvusb("attach", "pv1", name) == .good("1-3.2 in pv1 at 0:1\n"))
        #expect(try sandbox.pvusb("detach", name) == .good("1-3.2 with its host drivers\n"))
    }

    @Test func `devices take the lowest free ports`() throws {
        let sandbox = try Sandbox.withController()
        #expect(
            try sandbox.pvusb("attach", "pv1", "1-1", "--at", "0:2")
                == .good("1-1 in pv1 at 0:2\n"))
        #expect(try sandbox.pvusb("attach", "pv1", "1-2") == .good("1-2 in pv1 at 0:1\n"))
        #expect(
            try sandbox.pvusb("attach", "pv1", "1-4", "--at", "0")
                == .good("1-4 in pv1 at 0:3\n"))
    }

    @Test func `a detach gives back and leaves no trace`() throws {
        let sandbox = try Sandbox.withController()
        let before = try sandbox.world()
        _ = try sandbox.pvusb("attach", "pv1", "1-3.2")
        #expect(try sandbox.world() != before)
        #expect(try sandbox.pvusb("detach", "1-3.2") == .good("1-3.2 with its host drivers\n"))
        #expect(try sandbox.world() == before)
        let again = ProgramRun.good("1-3.2 with its host drivers: already so\n")
        #expect(try sandbox.pvusb("detach", "1-3.2") == again)
        #expect(try sandbox.pvusb("detach", "1-3.2", "-v") == again)
        #expect(try sandbox.world() == before)
    }

    private static let detachSteps = """
        record  1-3.2      detach               done
        unbind  1-3.2:1.0  usbback              done
        clear   1-3.2      domain 1 port 0:1    done
        await   1-3.2      released by usbback  done
        bind    1-3.2:1.0  usb-storage          done
        forget  1-3.2                           done
        1-3.2 with its host drivers

        """

    @Test func `a detach by place with -v shows its steps`() throws {
        let run = try Sandbox.with("1-3.2").pvusb("detach", "pv1", "0:1", "-v")
        #expect(run == .good(Self.detachSteps))
    }

    @Test func `a detach without rebinding leaves the device aside`() throws {
        let sandbox = try Sandbox.with("1-3.2")
        #expect(
            try sandbox.pvusb("detach", "1-3.2", "--no-rebind", "-v")
                == .good(
                    """
                    record  1-3.2      detach               done
                    unbind  1-3.2:1.0  usbback              done
                    clear   1-3.2      domain 1 port 0:1    done
                    await   1-3.2      released by usbback  done
                    record  1-3.2      parked               done
                    1-3.2 without a driver

                    """))
        #expect(try sandbox.pvusb("recover") == .good("nothing to do\n"))
        #expect(try sandbox.pvusb("recover", "1-3.2") == .good("1-3.2 with its host drivers\n"))
    }

    @Test func `recover finishes a detach`() throws {
        let sandbox = try StateWorld.detaching.sandbox()
        let steps = Self.detachSteps.replacing(
            "detach               done", with: "detach               already so")
        #expect(try sandbox.pvusb("recover", "-v") == .good(steps))
        #expect(try sandbox.pvusb("recover") == .good("nothing to do\n"))
        #expect(try sandbox.world() == Sandbox.withController().world())
    }

    @Test func `recover finishes an attach that lacks the last note`() throws {
        let sandbox = try StateWorld.attaching.sandbox()
        #expect(
            try sandbox.pvusb("recover", "1-3.2", "-v")
                == .good("record  1-3.2   attached  done\n1-3.2 in pv1 at 0:1\n"))
        #expect(try sandbox.world() == Sandbox.with("1-3.2").world())
    }

    // MARK: - Dry runs

    @Test func `a dry run shows the steps and does none`() throws {
        let sandbox = try Sandbox.withController()
        let before = try sandbox.world()
        let steps = """
            await   domain 1 controller 0  connected
            claim   1-3.2                  domain 1 port 0:1
            await   1-3.2                  listed by usbback
            unbind  1-3.2:1.0              usb-storage
            bind    1-3.2:1.0              usbback
            record  1-3.2                  attached

            """
        #expect(try sandbox.pvusb("attach", "pv1", "1-3.2", "--dry-run") == .good(steps))
        #expect(try sandbox.pvusb("-n", "attach", "pv1", "1-3.2") == .good(steps))
        #expect(
            try sandbox.pvusb("attach", "pv1", "1-3.2", "-n", "--exit-code")
                == ProgramRun(code: 11, output: steps, errors: ""))
        #expect(try sandbox.world() == before)
    }

    @Test func `a dry run's steps are exactly those that are done`() throws {
        let sandbox = try Sandbox.withController()
        for words in [
            ["attach", "pv1", "1-4"], ["detach", "1-4"], ["controller", "add", "win10"],
        ] {
            let plan = try JSONValue(try sandbox.pvusb(words + ["-n", "--json"]).output)
            let report = try JSONValue(try sandbox.pvusb(words + ["--json"]).output)
            let goal = try #require(report["goals"].elements.first)
            #expect(plan["goal"] == goal["goal"])
            let done = goal["steps"].elements.map { step in
                JSONValue.object(
                    step.members.filter { ["action", "target", "value"].contains($0.key) })
            }
            #expect(plan["steps"] == .list(done))
            #expect(!done.isEmpty)
        }
    }

    @Test(arguments: [
        ["attach", "pv1", "1-3.2"], ["recover"], ["recover", "1-1"], ["detach", "1-1"],
    ])
    func `a dry run with nothing to do exits 0`(words: [String]) throws {
        let sandbox = try Sandbox.with("1-3.2")
        let run = try sandbox.pvusb(words + ["--dry-run", "--exit-code"])
        #expect(run == .good("nothing to do\n"))
    }

    @Test func `recover in a dry run exits 12 when a record is in the way`() throws {
        let run = try StateWorld.detaching.sandbox().pvusb("recover", "-n", "--exit-code")
        #expect(run.code == 12)
        #expect(run.output.hasPrefix("record  1-3.2      detach\n"))
    }
}
