internal import CLinux

/// An open file that closes itself.
struct Descriptor: ~Copyable {
    /// The number, for one call of the kernel: never keep it.
    let number: Int32

    /// Takes over a result of CLinux; nil for an errno below zero.
    init?(owning result: Int32) {
        guard result >= 0 else { return nil }
        number = result
    }

    deinit {
        _ = pvusb_close(number)
    }
}
