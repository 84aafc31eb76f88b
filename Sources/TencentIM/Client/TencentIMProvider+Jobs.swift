package import DeliveryCore

// The calls of jobs: each names one recipient and addresses nobody.
extension TencentIMProvider {
    package func lookUp(_ lookUp: LookUp) async -> LookUpOutcome {
        guard lookUp.message.leavesHistory else {
            return .answered(HistoryPage(found: nil, next: nil, isKept: false))
        }
        let settings = settings
        let question = HistoryQuestion(lookUp, administrator: settings.credentials.administrator)
        switch await call(.history, body: question.body, settings: settings) {
        case .answered(let answer, let clockLead):
            return question.outcome(of: answer, clockLead: clockLead)
        case .notSent(let text): return .notSent(text)
        case .unknown(let cause): return .unknown(cause)
        }
    }

    package func recall(_ recall: Recall) async -> RecallOutcome {
        let settings = settings
        let request = RecallRequest(recall, administrator: settings.credentials.administrator)
        switch await call(.recall, body: request.body, settings: settings) {
        case .answered(let answer, _): return RecallRequest.outcome(of: answer)
        case .notSent(let text): return .notSent(text)
        case .unknown(let cause): return .unknown(cause)
        }
    }
}
