import DeliveryCore
import QueueTables
import Testing

/// A run is written in the order of its accounts' bytes: that of the table's key.
struct SortedRunTests {
    /// Makes accounts that are like each other in a way of their own.
    enum Shape: CaseIterable {
        case few, random, numbered, oneLeadingByte, prefixes, lateDifference, anyByte

        func account(_ number: Int, _ random: inout SplitMix64) -> [UInt8] {
            let value = random.next()
            return switch self {
            case .few: Array(String(value % 7, radix: 2).utf8)
            case .random: Array(String(value, radix: 16).utf8)
            case .numbered: Array("user-\(number)".utf8)
            case .oneLeadingByte: Array((number == 0 ? "b" : "a\(value)").utf8)
            // Each is the beginning of longer ones.
            case .prefixes: Array(repeating: UInt8(ascii: "x"), count: number % 300 + 1)
            case .lateDifference: Array("k\(value % 3)-the-same-for-long-\(value % 5_000)".utf8)
            case .anyByte: (0...number % 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) | 1 }
            }
        }
    }

    @Test(arguments: Shape.allCases, [0, 1, 2, 40, 5_000, 30_000])
    func `the order is that of the bytes`(shape: Shape, count: Int) {
        var random = SplitMix64(seed: UInt64(count))
        let accounts = (0..<count).map { shape.account($0, &random) }
        var run = AccountRun()
        for account in accounts { run.append(account) }
        for part in [0..<count, (count / 3)..<(count / 3 * 2)] {
            let sorted = SortedRun(run, part).order.map { Int($0) }
            #expect(sorted.count == part.count && Set(sorted) == Set(part))
            let isRising = zip(sorted, sorted.dropFirst()).allSatisfy { lower, upper in
                !accounts[upper].lexicographicallyPrecedes(accounts[lower])
            }
            #expect(isRising)
        }
    }
}
