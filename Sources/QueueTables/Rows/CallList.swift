/// Calls of unknown outcome, by the keys of their batches, as batches and recipients store them.
struct CallList: Sendable, Hashable {
    private(set) var batches: [Int64] = []

    init() {}

    /// Reads a column; calls that several batches share may be listed twice.
    init(_ text: String?) throws {
        for part in text?.split(separator: ",") ?? [] {
            guard let batch = Int64(part) else { throw DamagedRow("calls \(text ?? "")") }
            add(batch)
        }
    }

    mutating func add(_ batch: Int64) {
        if !batches.contains(batch) { batches.append(batch) }
    }

    var value: Value {
        batches.isEmpty ? .null : .text(batches.map(String.init).joined(separator: ","))
    }
}
