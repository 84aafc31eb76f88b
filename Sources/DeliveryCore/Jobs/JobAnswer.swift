/// What became of a job's call.
package enum JobAnswer: Sendable, Hashable {
    case check(CheckOutcome)
    case lookUp(LookUpOutcome)
    case recall(RecallOutcome)
}

extension JobAnswer {
    /// Whether no answer came that can be used.
    var isFailure: Bool {
        switch self {
        case .check(let outcome): outcome.isFailure
        case .lookUp(let outcome): outcome.isFailure
        case .recall(let outcome): outcome.isFailure
        }
    }

    /// The refusal of the whole call, if it was refused.
    var refusal: (Outcome.Refusal, Campaign.Reason)? {
        switch self {
        case .check(.refused(let refusal, let code, let text)),
            .lookUp(.refused(let refusal, let code, let text)),
            .recall(.refused(let refusal, let code, let text)):
            (refusal, Campaign.Reason(code: code, text: text))
        case .check, .lookUp, .recall: nil
        }
    }

    /// Whether the provider took the credentials and looked at the call itself.
    var showsCredentials: Bool {
        switch refusal?.0 {
        case .throttled, .credentials, .credentialsExpired: false
        case .retryable, .recipients, .recipientsUnconfirmed, .campaign, .tooLarge: true
        case nil: isAnswered
        }
    }

    /// Whether the provider carried the call out.
    var isAnswered: Bool {
        switch self {
        case .check(.answered), .lookUp(.answered), .recall(.answered): true
        case .check, .lookUp, .recall: false
        }
    }
}

extension JobOutcome {
    fileprivate var isFailure: Bool {
        switch self {
        case .answered, .refused(.recipients, _, _), .refused(.campaign, _, _): false
        case .refused, .notSent, .unknown: true
        }
    }
}

extension CheckOutcome {
    /// Whether no answer came that can be used.
    var isFailure: Bool { if case .answered = self { false } else { true } }
}
