/// A column holds what this program never writes.
package struct DamagedRow: Error, Hashable {
    /// What it holds.
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
    /// Whether it says something about the rows that one write concerns, and nothing about the
    /// file, its disk, or who may use it.
    var isOfOneWrite: Bool { get }
    /// What the engine says.
    var detail: String { get }
}

/// Reads a name that a CHECK constraint has vouched for.
func decoded<T: RawRepresentable<String>>(_ name: String) throws -> T {
    guard let value = T(rawValue: name) else { throw DamagedRow(name) }
    return value
}
