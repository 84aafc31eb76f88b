/// Unguessable text from the system's generator.
package enum RandomText {
    /// Lower-case hexadecimal digits of so many random bits, a multiple of 64.
    package static func hexadecimal(bits: Int) -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<bits / 64).map { _ in
            let digits = String(generator.next() as UInt64, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}
