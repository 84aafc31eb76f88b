package import DeliveryCore
import JSON

extension AccountCheck {
    /// What the body of an answer says about the accounts that were asked about.
    ///
    /// Nothing but the envelope can make it unreadable: an account of which it says nothing, or
    /// nothing that is known, is unclear.
    package func outcome(of body: [UInt8]) -> CheckOutcome {
        let json: JSON
        do { json = try JSON(parsing: body) } catch { return .unknown(.unreadable) }
        guard let envelope = Envelope(json), envelope.isConsistent else {
            return .unknown(.unreadable)
        }
        guard envelope.status != .fail else { return CheckOutcome(envelope.failure) }
        let presences = Self.presences(json["ResultItem"]?.elements ?? [])
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

        init(_ entry: JSON) {
            let status = entry["AccountStatus"]?.stringBytes ?? []
            if entry["ResultCode"].flatMap(Envelope.code) != 0 {
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
    private static func presences(_ entries: [JSON]) -> [[UInt8]: Presence] {
        var presences: [[UInt8]: Presence] = [:]
        for entry in entries {
            guard let identifier = entry["UserID"]?.stringBytes else { continue }
            let presence = Presence(entry)
            let isAgreed = presences[identifier, default: presence] == presence
            presences[identifier] = isAgreed ? presence : .unclear
        }
        return presences
    }
}
