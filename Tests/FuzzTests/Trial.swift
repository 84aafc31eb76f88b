import DeliveryCore
import Foundation
import Testing

/// One input of one target: what it is drawn from, what it was, and what it broke.
struct Trial {
    var random: SplitMix64
    /// The input as a failure shows it.
    var input: [UInt8] = []
    private(set) var violations: [String] = []

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
    }

    /// Notes what doesn't hold.
    mutating func expect(_ holds: Bool, _ otherwise: @autoclosure () -> String) {
        if !holds { violations.append(otherwise()) }
    }

    mutating func number(_ range: ClosedRange<Int>) -> Int {
        Int.random(in: range, using: &random)
    }

    /// True once in so many times.
    mutating func chance(_ oneIn: Int) -> Bool {
        number(1...oneIn) == 1
    }

    mutating func pick<Element>(_ choices: [Element]) -> Element {
        choices[number(0...choices.count - 1)]
    }

    /// Cuts bytes at random places; a piece may be empty.
    mutating func pieces(of bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        var cuts = (0..<number(0...min(12, bytes.count + 1))).map { _ in number(0...bytes.count) }
        cuts.sort()
        return zip([0] + cuts, cuts + [bytes.count]).map { bytes[$0..<$1] }
    }
}

/// Puts inputs drawn from seeds to a target, and says of each failure how to repeat it.
///
/// `INPUTS=n` draws so many for each target, `SEED=n` repeats the one of that seed.
func fuzz(
    _ target: StaticString,
    inputs: Int = 2_000,
    _ attempt: (inout Trial) async throws -> Void
) async throws {
    let environment = ProcessInfo.processInfo.environment
    let only = environment["SEED"].flatMap(UInt64.init)
    let count = environment["INPUTS"].flatMap(UInt64.init) ?? UInt64(inputs)
    var failures = 0
    CrashNote.install()
    for seed in only.map({ $0...$0 }) ?? 1...count {
        var trial = Trial(seed: seed)
        CrashNote.current.store(.init(target: target, seed: seed))
        try await attempt(&trial)
        guard !trial.violations.isEmpty else { continue }
        Issue.record(
            """
            \(target), seed \(seed): \(trial.violations.joined(separator: "; "))
            input: \(escaped(trial.input))
            again: SEED=\(seed) swift test --filter FuzzTests
            """
        )
        failures += 1
        if failures == 3 { break }
    }
    CrashNote.current.store(nil)
}

/// Bytes as a Swift literal shows them, cut where they are many.
func escaped(_ bytes: [UInt8]) -> String {
    var text = "\""
    for byte in bytes.prefix(2_000) {
        switch byte {
        case 0x22, 0x5C: text += "\\" + String(Unicode.Scalar(byte))
        case 0x20..<0x7F: text.unicodeScalars.append(Unicode.Scalar(byte))
        default: text += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
    }
    return text + "\"" + (bytes.count > 2_000 ? "… of \(bytes.count) bytes" : "")
}
