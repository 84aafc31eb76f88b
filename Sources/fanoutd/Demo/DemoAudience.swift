package import DeliveryCore

/// The recipients of a demo, with the expected end of each.
///
/// An account's name tells the simulator how to answer: `missing-…` doesn't exist, `err-CODE-…`
/// always gets that code, `flaky-K-CODE-…` gets it K times and is accepted then.
package struct DemoAudience: Sendable, Hashable {
    package let count: Int

    package init(count: Int) {
        self.count = count
    }

    /// Fewer than the smallest part of a batch (50).
    ///
    /// They are neighbours in the queue, and a batch of missing accounts alone is refused as a
    /// whole by another code, 90012.
    private static let missingLimit = 40

    /// The account at an index from 0: one in 100 is missing, one in 67 flaky, one in 200 always
    /// fails.
    package func account(at index: Int) -> String {
        let digits = String(index)
        let number = String(repeating: "0", count: max(0, 7 - digits.count)) + digits
        switch index {
        case _ where index % 100 == 50 && index / 100 < Self.missingLimit:
            return "missing-\(number)"
        case _ where index % 134 == 33: return "flaky-1-91000-\(number)"
        case _ where index % 134 == 100: return "flaky-2-90992-\(number)"
        case _ where index % 200 == 175: return "err-90048-\(number)"
        default: return "user-\(number)"
        }
    }

    /// The accounts of a range, one on each line.
    package func lines(_ range: Range<Int>) -> [UInt8] {
        var bytes: [UInt8] = []
        for index in range {
            bytes.append(contentsOf: account(at: index).utf8)
            bytes.append(UInt8(ascii: "\n"))
        }
        return bytes
    }

    /// What must become of an account, read from its name.
    ///
    /// Any of the codes will do, and more attempts than these.
    package static func expectation(
        of account: String
    ) -> (status: Recipient.Status, codes: Set<Int>, attempts: Int) {
        let parts = account.split(separator: "-")
        switch parts.first {
        case "missing":
            return (.failed, [70_107, 90_012], 1)
        case "err":
            let code = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
            return (.failed, [code], 1)
        case "flaky":
            let failures = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
            return (.sent, [0], failures + 1)
        default:
            return (.sent, [0], 1)
        }
    }
}
