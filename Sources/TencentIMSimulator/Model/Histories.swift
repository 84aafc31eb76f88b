import DeliveryCore

/// The histories of all conversations: a record for each accepted call, and a reference to it for
/// each recipient.
///
/// A million recipients take some 80 MB, however long their message is. The references are a ring:
/// beyond the limit the oldest leave, with the records that nobody refers to any more.
struct Histories: Sendable {
    private let limit: Int
    private var entries: [Entry] = []
    /// The number of the next entry; entries are numbered as they come.
    private var next = 0
    private var calls: [Call] = []
    /// The number of the first of `calls`.
    private var firstCall = 0
    /// The last entry of each conversation.
    private var latest: [UInt64: Int] = [:]
    /// A campaign's calls have the same message, which is kept once.
    private var messages: Set<Message> = []

    /// A call in the history of one recipient.
    private struct Entry {
        let conversation: UInt64
        let call: Int
        /// The conversation's entry before this one, which may have left; -1 where there is none.
        let previous: Int
        var isRecalled = false
    }

    private struct Call {
        let message: Message
        let key: MessageKey
        let acceptedAt: Instant
    }

    init(limit: Int) {
        self.limit = limit
    }

    /// Writes an accepted message into its recipients' histories.
    mutating func add(_ message: Message, _ key: MessageKey, to recipients: [[UInt8]], at now: Now)
    {
        guard !recipients.isEmpty else { return }
        if messages.count >= 1_000 { messages.removeAll() }
        let kept = messages.insert(message).memberAfterInsert
        calls.append(Call(message: kept, key: key, acceptedAt: now.instant))
        for recipient in recipients {
            let conversation = Self.conversation(message.sender, recipient)
            append(
                Entry(
                    conversation: conversation,
                    call: firstCall + calls.count - 1,
                    previous: latest.updateValue(next, forKey: conversation) ?? -1
                )
            )
        }
        forgetCalls()
    }

    private mutating func append(_ entry: Entry) {
        if entries.count < limit {
            entries.append(entry)
        } else {
            let slot = next % limit
            let gone = entries[slot].conversation
            if latest[gone] == next - limit { latest[gone] = nil }
            entries[slot] = entry
        }
        next += 1
    }

    /// Drops the calls whose entries have left, in bulk.
    private mutating func forgetCalls() {
        guard entries.count == limit else { return }
        let gone = entries[next % limit].call - firstCall
        guard gone > 1_024, gone * 2 > calls.count else { return }
        calls.removeFirst(gone)
        firstCall += gone
    }

    /// The same for both sides, since both read one conversation.
    private static func conversation(_ one: [UInt8], _ other: [UInt8]) -> UInt64 {
        var hash = Fingerprint()
        let isSorted = one.lexicographicallyPrecedes(other)
        hash.add(isSorted ? one : other)
        hash.add(isSorted ? other : one)
        return hash.value
    }

    /// The numbers of a conversation's entries, the latest first.
    private func numbers(_ one: [UInt8], _ other: [UInt8]) -> some Sequence<Int> {
        sequence(state: latest[Self.conversation(one, other)]) { number -> Int? in
            defer { number = number.flatMap(previous) }
            return number
        }
    }

    private func previous(_ number: Int) -> Int? {
        let previous = entries[number % limit].previous
        return previous >= next - entries.count ? previous : nil
    }

    private func call(of number: Int) -> Call { calls[entries[number % limit].call - firstCall] }
}

// MARK: - Reading and recalling

extension Histories {
    /// A page of what was accepted until a time, the later pages holding what is older.
    func page(_ question: HistoryCall, acceptedBy time: Instant) -> HistoryPage {
        var page = HistoryPage()
        var isBehind = question.after == nil
        for number in numbers(question.reader, question.peer) {
            let call = call(of: number)
            let isSent = call.message.sender == question.reader
            guard call.acceptedAt <= time,
                isSent ? call.message.isSynced : call.message.sender == question.peer
            else { continue }
            guard isBehind else {
                isBehind = call.key == question.after
                continue
            }
            guard question.from <= call.key.seconds, call.key.seconds <= question.through else {
                continue
            }
            let entry = HistoryPage.Entry(
                message: call.message,
                key: call.key,
                recipient: isSent ? question.peer : question.reader,
                isRecalled: entries[number % limit].isRecalled
            )
            guard page.takes(entry, limit: question.count) else { break }
        }
        return page
    }

    /// Recalls a message that the recipient's history shows.
    mutating func recall(_ call: RecallCall, acceptedBy time: Instant) throws(CallRefusal) {
        let found = numbers(call.sender, call.recipient).first { number in
            let known = self.call(of: number)
            return known.key == call.key && known.message.sender == call.sender
                && known.acceptedAt <= time
        }
        guard let found else { throw CallRefusal(20022) }
        guard !entries[found % limit].isRecalled else { throw CallRefusal(20023) }
        entries[found % limit].isRecalled = true
    }
}
