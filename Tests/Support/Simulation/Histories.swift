import DeliveryCore

/// What each recipient's history shows of the messages that were accepted, some time after they were.
package struct Histories: Sendable {
    /// How long until a history shows a message.
    package var delay: Duration = .zero
    /// Messages that were asked to be taken back once they were.
    package private(set) var recalledTwice = 0

    private struct Entry: Sendable {
        let numbers: CallNumbers
        let shownAt: Instant
        var isRecalled = false
    }

    private var entries: [Account: [Entry]] = [:]

    /// Entries on a page: few, so that there are second pages.
    private static let pageSize = 2

    mutating func add(_ numbers: CallNumbers, of account: Account, at now: Instant) {
        let shownAt = now.advanced(by: delay)
        // A copy of a repeated call that arrives after its recall is nobody's to take back.
        let isRecalled = entries[account]?.contains { $0.numbers == numbers && $0.isRecalled }
        if isRecalled == true { return }
        entries[account, default: []].append(Entry(numbers: numbers, shownAt: shownAt))
    }

    /// The key of the message that a call with these numbers sent.
    static func key(_ numbers: CallNumbers) -> String { "\(numbers.sequence)_\(numbers.random)" }

    func page(for lookUp: LookUp, at now: Instant) -> HistoryPage {
        let shown = (entries[lookUp.account] ?? []).filter { $0.shownAt <= now }
        let start = Int(lookUp.position?.time ?? 0)
        let page = shown.dropFirst(start).prefix(Self.pageSize)
        let found = page.first { entry in
            lookUp.calls.contains { $0.numbers == entry.numbers }
        }
        let end = start + page.count
        return HistoryPage(
            found: found.map {
                FoundCall(numbers: $0.numbers, messageKey: Self.key($0.numbers))
            },
            next: end < shown.count ? HistoryPosition(time: Int64(end), key: []) : nil
        )
    }

    mutating func recall(_ recall: Recall, at now: Instant) -> RecallOutcome {
        var own = entries[recall.account] ?? []
        // Copies of a repeated call have one key here; the key of a copy whose answer was lost is
        // nobody's to know, so it isn't held against the recall.
        let indices = own.indices.filter { Self.key(own[$0].numbers) == recall.messageKey }
        guard indices.contains(where: { own[$0].shownAt <= now }) else {
            return .answered(.missing(code: 20_022))
        }
        guard indices.contains(where: { !own[$0].isRecalled }) else {
            recalledTwice += 1
            return .answered(.recalled(code: 20_023))
        }
        for index in indices { own[index].isRecalled = true }
        entries[recall.account] = own
        return .answered(.recalled(code: 0))
    }

    /// Whether a message of the account is still there.
    func isThere(_ account: Account, key: String?) -> Bool {
        entries[account]?.contains { Self.key($0.numbers) == key && !$0.isRecalled } ?? false
    }
}
