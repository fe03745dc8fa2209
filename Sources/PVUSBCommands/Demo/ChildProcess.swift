internal import Glibc
internal import PVUSB

/// Another process of this same program, for a demonstration that kills for real.
struct ChildProcess {
    private let process: pid_t

    /// Starts this program with other words; it writes where we write.
    ///
    /// - Throws: that the kernel refused.
    init(_ words: [String]) throws(PVUSBError) {
        let arguments = ["pvusb"] + words
        let environment = Self.environment
        var process: pid_t = 0
        let result = unsafe arguments.withCStrings { argv in
            unsafe environment.withCStrings { envp in
                unsafe posix_spawn(&process, "/proc/self/exe", nil, nil, argv, envp)
            }
        }
        guard result == 0 else {
            throw PVUSBError(.failed, "a second pvusb can't be started", cause: "errno \(result)")
        }
        self.process = process
    }

    /// What the demonstration's processes are told of ours.
    private static var environment: [String] {
        ["PATH", "HOME", "TERM", "LANG", "LD_LIBRARY_PATH", "LLVM_PROFILE_FILE"].compactMap {
            name in
            Environment.value(name).map { "\(name)=\($0)" }
        }
    }

    /// Waits for the end; the exit code, or nil when a signal ended it.
    func wait() -> Int32? {
        var status: Int32 = 0
        while unsafe waitpid(process, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7f
        return signal == 0 ? status >> 8 & 0xff : nil
    }

    /// Tells whether the process has ended; it still has to be waited for.
    var hasEnded: Bool {
        var info = unsafe siginfo_t()
        let flags = WEXITED | WNOHANG | WNOWAIT
        let result = unsafe waitid(P_PID, id_t(process), &info, flags)
        return unsafe result == 0 && info.si_signo == SIGCHLD
    }

    /// Ends the process as nothing can prevent: SIGKILL.
    func killOutright() {
        _ = Glibc.kill(process, SIGKILL)
    }
}

extension [String] {
    /// Lends the strings as a C program wants them: pointers, ended by a null.
    fileprivate func withCStrings<Value>(
        _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Value
    ) -> Value {
        let pointers = unsafe map { unsafe strdup($0) } + [nil]
        defer { unsafe pointers.forEach { unsafe free($0) } }
        return unsafe pointers.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else {
                preconditionFailure("there is at least the null")
            }
            return unsafe body(base)
        }
    }
}
