extension String {
    /// Lines with everything that could steer a terminal made visible.
    ///
    /// Device strings come from the device: control characters (C0, DEL, C1) and the controls of
    /// writing direction are shown as `\u{…}`, never sent.
    var escapedLines: String {
        split(separator: "\n", omittingEmptySubsequences: false).map { String($0).escaped }
            .joined(separator: "\n")
    }

    /// One line with everything that could steer a terminal made visible.
    var escaped: String {
        var text = ""
        for scalar in unicodeScalars {
            if scalar.steersTerminals {
                text += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}

extension Unicode.Scalar {
    fileprivate var steersTerminals: Bool {
        switch value {
        case 0...0x1f, 0x7f...0x9f: true
        case 0x61c, 0x200e, 0x200f, 0x2028...0x202e, 0x2066...0x2069: true
        default: false
        }
    }
}
