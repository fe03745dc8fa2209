/// Numbers values in the order in which they are first seen.
///
/// Values are compared exactly, so two with the same number are the same. The order does not
/// depend on the process as long as the search does not.
struct Interner<Value: Hashable> {
    private var numbers: [Value: Int32] = [:]
    private(set) var values: [Value] = []

    /// The number of a value.
    mutating func number(of value: Value) -> Int32 {
        if let number = numbers[value] { return number }
        let number = Int32(values.count)
        numbers[value] = number
        values.append(value)
        return number
    }

    subscript(_ number: Int32) -> Value { values[Int(number)] }

    var count: Int { values.count }
}
