/// A device's vendor and product number, `046d:c52b`: its model, not the single device.
public struct VendorProduct: Hashable, Sendable {
    /// The vendor's number, given out by the USB-IF.
    public let vendor: UInt16
    /// The product's number, given out by the vendor.
    public let product: UInt16

    /// Makes a pair of its two numbers.
    public init(vendor: UInt16, product: UInt16) {
        self.vendor = vendor
        self.product = product
    }

    /// Parses four hexadecimal digits, a colon and four more; either case is accepted.
    public init?(_ text: some StringProtocol) {
        let words = text.split(separator: ":", omittingEmptySubsequences: false)
        guard words.count == 2, let vendor = UInt16(hex: words[0], digits: 4),
            let product = UInt16(hex: words[1], digits: 4)
        else { return nil }
        self.init(vendor: vendor, product: product)
    }
}

extension VendorProduct: CustomStringConvertible {
    /// Lower-case hexadecimal, as lsusb prints it.
    public var description: String {
        "\(vendor.hexText(digits: 4)):\(product.hexText(digits: 4))"
    }
}

extension VendorProduct: Comparable {
    /// Orders by vendor, then by product.
    public static func < (left: VendorProduct, right: VendorProduct) -> Bool {
        (left.vendor, left.product) < (right.vendor, right.product)
    }
}
