/// Recipients whose names script their fate, and what must be known of each in the end.
struct Cast {
    private(set) var expected: [Recipient] = []
    /// What the provider must have been asked in all, if nobody is asked once too often.
    var addressed: Int { expected.reduce(0) { $0 + $1.attempts } }
    var accounts: [String] { expected.map(\.account) }

    /// A cast of so many, some of them missing, some flaky, some hopeless.
    ///
    /// The scripted ones are few enough for one batch to hold them all and ordinary ones too: a
    /// call that accepts nobody answers with one code for all of them. For the same reason those
    /// that are refused more than once have the same code.
    static func make(count: Int, maxAttempts: Int) -> Cast {
        var cast = Cast()
        cast.add(60, "missing", status: "failed", code: 70107, attempts: 1)
        cast.add(40, "err-90048", status: "failed", code: 90048, attempts: 1)
        cast.add(30, "err-20006", status: "failed", code: 20006, attempts: 1)
        cast.add(20, "err-70169", status: "failed", code: 70169, attempts: maxAttempts)
        cast.add(20, "flaky-1-90992", status: "sent", code: 0, attempts: 2)
        cast.add(20, "flaky-1-91000", status: "sent", code: 0, attempts: 2)
        cast.add(30, "flaky-2-70169", status: "sent", code: 0, attempts: 3)
        cast.add(20, "flaky-3-70169", status: "sent", code: 0, attempts: 4)
        cast.add(count - cast.expected.count, "user", status: "sent", code: 0, attempts: 1)
        return cast
    }

    private mutating func add(
        _ count: Int,
        _ name: String,
        status: String,
        code: Int,
        attempts: Int
    ) {
        for number in 0..<count {
            let account = "\(name)-\(String(10_000 + number).dropFirst())"
            expected.append(
                Recipient(account: account, status: status, code: code, attempts: attempts)
            )
        }
    }

    func count(_ status: String) -> Int {
        expected.count { $0.status == status }
    }

    /// Those that fail, by code.
    var failures: [Int: Int] {
        var failures: [Int: Int] = [:]
        for recipient in expected where recipient.status == "failed" {
            failures[recipient.code ?? 0, default: 0] += 1
        }
        return failures
    }

    /// Refusals by code that the script asks for.
    var refusals: [Int: Int] {
        var refusals: [Int: Int] = [:]
        for recipient in expected {
            if let code = Self.code(of: recipient.account) {
                let times = recipient.status == "sent" ? recipient.attempts - 1 : recipient.attempts
                refusals[code, default: 0] += times
            }
        }
        return refusals
    }

    private static func code(of account: String) -> Int? {
        let parts = account.split(separator: "-")
        return switch parts.first {
        case "missing": 70107
        case "err": Int(parts[1])
        case "flaky": Int(parts[2])
        default: nil
        }
    }

    /// The first differences between what was exported and what had to come out.
    func differences(from exported: [Recipient]) -> [String] {
        let found = Dictionary(exported.map { ($0.account, $0) }, uniquingKeysWith: { $1 })
        var differences = expected.compactMap { recipient -> String? in
            guard let other = found[recipient.account] else { return "\(recipient.account) lacks" }
            return other == recipient ? nil : "\(other) instead of \(recipient)"
        }
        if exported.count != expected.count {
            differences.append("\(exported.count) rows instead of \(expected.count)")
        }
        return Array(differences.prefix(10))
    }
}
