import DeliveryCore
import QueueTables
import Testing

/// A run is written in the order of its accounts' bytes: that of the table's key.
struct RunSorterTests {
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
    func `slices have all accounts in the order of their bytes`(shape: Shape, count: Int) {
        var random = SplitMix64(seed: UInt64(count))
        let accounts = (0..<count).map { shape.account($0, &random) }
        var run = AccountRun()
        for account in accounts { run.append(account) }
        for (part, size) in [
            (0..<count, count), (0..<count, 7_000), ((count / 3)..<(count / 3 * 2), 99),
        ] {
            var sorter = RunSorter(run, part)
            var sorted: [[UInt8]] = []
            while sorted.count < part.count {
                let slice = sorter.next(size).accounts
                #expect(slice.count == min(size, part.count - sorted.count))
                sorted += slice.indices.map { Array(slice.bytes(at: $0)) }
            }
            #expect(sorter.next(size).accounts.isEmpty)
            let wanted = accounts[part].sorted { $0.lexicographicallyPrecedes($1) }
            // Apart from the expectation, which would look for the smallest difference for minutes.
            let isSame = sorted == wanted
            #expect(isSame)
        }
    }
}
