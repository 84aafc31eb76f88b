import Foundation

/// Something that must not be written, where, and what to write instead.
struct Ban: Sendable {
    let name: String
    let pattern: String
    let instead: String
    let scope: Scope
    var reach = Reach.code

    /// What of a file it is about.
    enum Reach: Sendable {
        case code
        /// Texts in quotes, too, as for SQL.
        case texts
        /// Comments, too: nothing is exempt.
        case comments
    }

    enum Scope: Sendable {
        case everywhere
        case sources
        case targets(Set<String>)
    }

    func applies(to file: SourceFile) -> Bool {
        switch scope {
        case .everywhere: true
        case .sources: file.path.hasPrefix("Sources/")
        case .targets(let targets): targets.contains(file.target)
        }
    }

    /// What it finds in a file, as `path:line: name: instead`.
    func faults(in file: SourceFile) throws -> [String] {
        guard applies(to: file) else { return [] }
        let expression = try NSRegularExpression(pattern: pattern)
        let lines: [(number: Int, text: String)] =
            switch reach {
            case .code: file.code.map { ($0.number, $0.code) }
            case .texts: file.code.map { ($0.number, $0.text) }
            case .comments: file.lines.enumerated().map { ($0 + 1, $1) }
            }
        return lines.filter { line in
            let range = NSRange(location: 0, length: line.text.utf16.count)
            return expression.firstMatch(in: line.text, range: range) != nil
        }.map { "\(file.path):\($0.number): \(name): \(instead)" }
    }

    /// The core and the simulation: what they do follows from a seed alone.
    private static let seeded: Set<String> = ["DeliveryCore", "Simulation"]
    private static let pure: Set<String> = ["DeliveryCore"]

    static let all = [
        Ban(
            name: "unstructured task",
            pattern: #"\bTask(<[^>]*>)?(\.detached|\.immediate)?\s*(\([^)]*\)\s*)?\{"#,
            instead: "use a task group",
            scope: .sources
        ),
        Ban(
            name: "real sleep",
            pattern: #"\bTask\.sleep\b|\b(u|nano)?sleep\(\d|\bThread\.sleep\b"#,
            instead: "sleep on the given clock, or wait for an event",
            scope: .everywhere
        ),
        Ban(
            name: "swallowed error",
            pattern: #"\btry\?"#,
            instead: "handle the error or say why nothing needs doing",
            scope: .sources
        ),
        Ban(name: "forced try", pattern: #"\btry!"#, instead: "throw", scope: .everywhere),
        Ban(
            name: "fatal error",
            pattern: #"\bfatalError\b"#,
            instead: "preconditionFailure with what was impossible",
            scope: .sources
        ),
        Ban(
            name: "unchecked",
            pattern: #"@unchecked Sendable|\bnonisolated\(unsafe\)"#,
            instead: "use Mutex or an actor",
            scope: .sources
        ),
        Ban(
            name: "testable import",
            pattern: "@testable",
            instead: "make it package",
            scope: .everywhere
        ),
        Ban(
            name: "unseeded randomness",
            pattern: #"\.(random|shuffled|randomElement)\((?!.*using: )|\bUUID\(\)|\bhashValue\b"#
                + #"|\bSystemRandomNumberGenerator\b"#,
            instead: "pass the generator",
            scope: .targets(seeded)
        ),
        Ban(
            name: "clock in the core",
            pattern: #"\b(Date|ContinuousClock|SuspendingClock|DispatchTime)\b|\bclock_gettime\b"#,
            instead: "take now",
            scope: .targets(pure)
        ),
        Ban(
            name: "concurrency in the core",
            pattern: #"\b(async|await|actor|Mutex|Atomic)\b"#,
            instead: "return an effect",
            scope: .targets(pure)
        ),
        Ban(
            name: "output of the core",
            pattern: #"\b(print|dump|debugPrint)\("#,
            instead: "return an effect",
            scope: .targets(pure)
        ),
        Ban(
            name: "the database's clock",
            pattern: #"CURRENT_TIME|datetime\('now'\)|strftime\("#,
            instead: "bind now",
            scope: .targets(["QueueTables", "SQLiteQueue"]),
            reach: .texts
        ),
        Ban(
            name: "the provider's word",
            pattern: #"(?i)tencent|batchsendmsg|msg(seq|random|key|body|type)|usersig|sdkappid"#
                + #"|openim|account_check|to_account|from_account|errorinfo|errorlist|/v4\b"#,
            instead: "what it means goes through a port",
            scope: .targets([
                "DeliveryCore", "DeliveryEngine", "QueueTables", "SQLiteQueue", "HTTPAPI",
            ]),
            reach: .comments
        ),
    ]
}
