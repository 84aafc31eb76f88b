package import DeliveryCore

extension RecallRequest {
    /// What the body of an answer says, which is no more than its envelope.
    package static func outcome(of body: [UInt8]) -> RecallOutcome {
        guard let (envelope, _) = Envelope.opened(body) else { return .unknown(.unreadable) }
        if envelope.code == CodeTable.noSuchMessage {
            return .answered(.missing(code: envelope.code))
        }
        // The one that was recalled already comes as a failure.
        guard CodeTable.codeClass(of: envelope.code, in: .recall) != .accepted else {
            return .answered(.recalled(code: envelope.code))
        }
        return envelope.failure(of: .recall)
    }
}
