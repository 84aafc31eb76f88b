package import DeliveryCore

extension Answer {
    /// What the body of an answer means for a call to these accounts.
    package static func outcome(of body: [UInt8], to accounts: [Account]) -> Outcome {
        Answer(body)?.outcome(to: accounts) ?? .unknown(.unreadable)
    }

    /// What the answer means for a call to these accounts.
    ///
    /// An `OK` or `SomeError` with a code, a `FAIL` without one, and a listed account that wasn't
    /// addressed contradict themselves: nobody can tell what became of the call.
    package func outcome(to accounts: [Account]) -> Outcome {
        guard (status == .fail) == (code != 0), lists(onlyOf: accounts) else {
            return .unknown(.unreadable)
        }
        return status == .fail ? failure(to: accounts) : success()
    }

    private func lists(onlyOf accounts: [Account]) -> Bool {
        if listed.isEmpty { return true }
        let addressed = Set(accounts.map(\.bytes))
        return listed.allSatisfy { addressed.contains($0.account) }
    }

    private func success() -> Outcome {
        let refused = listed.filter { $0.code != 0 }.map { entry in
            Self.refused(Account(checked: entry.account), entry.code)
        }
        return .answered(messageKey: messageKey, refused: refused)
    }

    private func failure(to accounts: [Account]) -> Outcome {
        if listed.isEmpty { return wholeCall() }
        // None was accepted, says the status; accepted, says the entry.
        guard listed.allSatisfy({ $0.code != 0 }) else { return .unknown(.unreadable) }
        guard listed.count == accounts.count || isAboutRecipients else { return wholeCall() }
        let codes = Dictionary(uniqueKeysWithValues: listed.map { ($0.account, $0.code) })
        let refused = accounts.map { Self.refused($0, codes[$0.bytes] ?? code) }
        return .answered(messageKey: messageKey, refused: refused)
    }

    /// Whether the envelope's code can be the code of the accounts that aren't listed.
    private var isAboutRecipients: Bool {
        switch CodeTable.codeClass(of: code) {
        case .retryable, .recipient, .recipientsInDoubt: true
        case .accepted, .throttled, .credentialsExpired, .credentials, .campaign: false
        case .tooLarge, .service, nil: false
        }
    }

    private static func refused(_ account: Account, _ code: Int) -> Outcome.RefusedAccount {
        Outcome.RefusedAccount(
            account: account,
            code: code,
            isRetryable: CodeTable.codeClass(of: code) == .retryable
        )
    }

    private func wholeCall() -> Outcome {
        switch CodeTable.codeClass(of: code) {
        case .retryable: refusal(.retryable)
        case .recipient: refusal(.recipients)
        case .recipientsInDoubt: refusal(.recipientsInDoubt)
        case .throttled(let atLeast): refusal(.throttled(atLeast: atLeast))
        case .credentialsExpired: refusal(.credentialsExpired)
        case .credentials: refusal(.credentials)
        case .campaign: refusal(.campaign)
        case .tooLarge: refusal(.tooLarge)
        case .service: .unknown(.service(code: code))
        case nil: .unknown(.unlisted(code: code))
        // A failure has another code, which `outcome(to:)` has checked.
        case .accepted: .unknown(.unreadable)
        }
    }

    /// A refusal in our words, with Tencent's behind them.
    private func refusal(_ refusal: Outcome.Refusal) -> Outcome {
        let words = CodeTable.words(for: code) ?? "code \(code)"
        return .refused(refusal, code: code, text: text.isEmpty ? words : "\(words) (\(text))")
    }
}
