package import DeliveryCore
import JSON

extension AccountCheck {
    /// What the body of an answer says about the accounts that were asked about.
    ///
    /// Nothing but the envelope can make it unreadable: an account of which it says nothing, or
    /// nothing that is known, is unclear.
    package func outcome(of body: [UInt8]) -> CheckOutcome {
        guard let (envelope, fields) = Envelope.opened(body) else { return .unknown(.unreadable) }
        guard envelope.status != .fail else { return envelope.failure(of: .accountCheck) }
        let presences = Self.presences(of: fields)
        func accounts(_ presence: Presence) -> [Account] {
            identifiers.filter { (presences[$0] ?? .unclear) == presence }
                .map { Account(checked: $0) }
        }
        return .answered(missing: accounts(.missing), unclear: accounts(.unclear))
    }

    /// What an answer says about one account.
    private enum Presence {
        case imported
        case missing
        case unclear

        init(_ entry: AnswerFields) throws(AnswerFields.Unreadable) {
            let status = try entry.value("AccountStatus")?.stringBytes ?? []
            if try entry.value("ResultCode").flatMap(Envelope.code) != 0 {
                self = .unclear
            } else if status.elementsEqual("Imported".utf8) {
                self = .imported
            } else if status.elementsEqual("NotImported".utf8) {
                self = .missing
            } else {
                self = .unclear
            }
        }
    }

    /// An account that is listed twice, each time otherwise, is unclear.
    private static func presences(of fields: AnswerFields) -> [[UInt8]: Presence] {
        var presences: [[UInt8]: Presence] = [:]
        let entries: [AnswerFields]
        do { entries = try fields.objects("ResultItem") } catch { return [:] }
        for entry in entries {
            let identifier: [UInt8]
            var presence = Presence.unclear
            do {
                guard let named = try entry.value("UserID")?.stringBytes else { continue }
                identifier = named
            } catch { continue }
            do { presence = try Presence(entry) } catch {
                // It names the account, and what it says of it can't be read.
            }
            let isAgreed = presences[identifier, default: presence] == presence
            presences[identifier] = isAgreed ? presence : .unclear
        }
        return presences
    }
}
