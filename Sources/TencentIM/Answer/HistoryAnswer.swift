package import DeliveryCore
import JSON

extension HistoryQuestion {
    /// What the body of an answer shows.
    ///
    /// `clockLead` is by how many seconds our clock was ahead of the provider's; nil where the
    /// answer doesn't tell. The times asked for are ours: behind a clock that is off, only what was
    /// found says anything.
    package func outcome(of body: [UInt8], clockLead: Int?) -> LookUpOutcome {
        guard let (envelope, fields) = Envelope.opened(body) else { return .unknown(.unreadable) }
        guard envelope.status != .fail else { return envelope.failure(of: .history) }
        do throws(AnswerFields.Unreadable) {
            if let found = try found(in: fields) {
                return .answered(HistoryPage(found: found, next: nil))
            }
            let next = try next(in: fields)
            if let clockLead, clockLead.magnitude > Self.clockTolerance {
                return .unknown(.clockOff(seconds: clockLead))
            }
            return .answered(HistoryPage(found: nil, next: next))
        } catch {
            return .unknown(.unreadable)
        }
    }

    /// By how many seconds the clocks may differ: as much as the question's margin makes up for.
    private static let clockTolerance = 60

    /// The pages of one history that are read at most; one holds at least one message.
    private static let walkLimit = 1_000

    /// One of the calls that are looked for.
    ///
    /// An entry that can't be read takes nothing from the others. Where none can be read, ours may
    /// be among them.
    private func found(in fields: AnswerFields) throws(AnswerFields.Unreadable) -> FoundCall? {
        let entries = try entries(of: fields)
        var areUnreadable = !entries.isEmpty
        for entry in entries {
            switch sight(of: entry) {
            case .ours(let found): return found
            case .other: areUnreadable = false
            case .unreadable: break
            }
        }
        guard !areUnreadable else { throw AnswerFields.Unreadable() }
        return nil
    }

    /// The messages of a page, unread; a page without any says so.
    private func entries(
        of fields: AnswerFields
    ) throws(AnswerFields.Unreadable) -> [ArraySlice<UInt8>] {
        let entries = try fields.elements("MsgList")
        if let entries, !entries.isEmpty { return entries }
        let count = try fields.value("MsgCnt").flatMap(Envelope.code)
        guard count == 0 || count == nil && entries != nil else {
            throw AnswerFields.Unreadable()
        }
        return []
    }

    /// What one message of a page is to the question.
    private enum Sight {
        case ours(FoundCall)
        case other
        case unreadable
    }

    private func sight(of entry: ArraySlice<UInt8>) -> Sight {
        guard let fields = AnswerFields(entry) else { return .unreadable }
        do throws(AnswerFields.Unreadable) {
            guard let sender = try fields.value("From_Account")?.stringBytes else {
                return .unreadable
            }
            guard sender == self.sender else { return .other }
            guard let sequence = try Self.number("MsgSeq", in: fields),
                let random = try Self.number("MsgRandom", in: fields)
            else { return .unreadable }
            let numbers = CallNumbers(sequence: sequence, random: random)
            guard self.numbers.contains(numbers) else { return .other }
            return .ours(FoundCall(numbers: numbers, messageKey: Answer.key(of: fields)))
        } catch {
            return .unreadable
        }
    }

    private static func number(
        _ name: String,
        in fields: AnswerFields
    ) throws(AnswerFields.Unreadable) -> UInt32? {
        try fields.value(name).flatMap(Envelope.code).flatMap { UInt32(exactly: $0) }
    }

    /// Where the next page begins; nil if this was the last.
    ///
    /// Pages lead back in time, so a position that doesn't would be walked for ever.
    private func next(in fields: AnswerFields) throws(AnswerFields.Unreadable) -> HistoryPosition? {
        if try fields.value("Complete").flatMap(Envelope.code) == 1 { return nil }
        guard let time = try fields.value("LastMsgTime").flatMap(Envelope.code).map(Int64.init),
            let key = try fields.value("LastMsgKey")?.stringBytes,
            !key.isEmpty, key.count <= Answer.keyLimit, key != position?.key,
            times.lowerBound <= time, time <= latest
        else { throw AnswerFields.Unreadable() }
        let pages = (position?.pages ?? 0) + 1
        guard pages < Self.walkLimit else { throw AnswerFields.Unreadable() }
        return HistoryPosition(time: time, key: key, pages: pages)
    }
}
