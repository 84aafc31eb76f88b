import Codecs

/// Unguessable text from the system's generator.
package enum RandomText {
    /// Lower-case hexadecimal digits of a number of random bits, a multiple of 8.
    package static func hexadecimal(bits: Int) -> String {
        var generator = SystemRandomNumberGenerator()
        return Hexadecimal.text((0..<bits / 8).map { _ in generator.next() })
    }
}
