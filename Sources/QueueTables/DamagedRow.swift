/// A column holds a value that this program never writes.
package struct DamagedRow: Error, Hashable {
    /// The value, as it was read.
    package let value: String

    package init(_ value: String) { self.value = value }
}

extension DamagedRow: CustomStringConvertible {
    package var description: String {
        "the store holds \(value) where fanoutd never writes it: restore a backup"
    }
}

/// An engine's own error.
package protocol EngineError: Error {
    /// Whether it concerns the rows of one write, and not the file, its disk or the right to use
    /// it.
    var isOfOneWrite: Bool { get }
    /// The engine's own text.
    var detail: String { get }
}

/// Reads a name that a CHECK constraint guarantees.
func decoded<T: RawRepresentable<String>>(_ name: String) throws -> T {
    guard let value = T(rawValue: name) else { throw DamagedRow(name) }
    return value
}
