/// A call of a command beside batchsendmsg, whose fields were checked.
///
/// None of them addresses anybody, so no quota counts them; each command has a rate of its own.
package enum NeighbourCall: Sendable {
    case accountCheck(AccountCheckCall)
    case history(HistoryCall)
    case recall(RecallCall)

    /// Reads a body as the provider documents it; batchsendmsg is none of these.
    package init(_ command: SimulatedCommand, parsing body: [UInt8]) throws(CallRefusal) {
        self =
            switch command {
            case .batchSend: throw CallRefusal(60009)
            case .accountCheck: .accountCheck(try AccountCheckCall(parsing: body))
            case .history: .history(try HistoryCall(parsing: body))
            case .recall: .recall(try RecallCall(parsing: body))
            }
    }

    var command: SimulatedCommand {
        switch self {
        case .accountCheck: .accountCheck
        case .history: .history
        case .recall: .recall
        }
    }
}
