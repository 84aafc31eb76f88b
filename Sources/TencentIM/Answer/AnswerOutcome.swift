package import DeliveryCore

extension Answer {
    /// What the body of an answer means for a call to these accounts.
    package static func outcome(of body: [UInt8], to accounts: some Collection<Account>) -> Outcome
    {
        Answer(body)?.outcome(to: accounts) ?? .unknown(.unreadable)
    }

    /// What the answer means for a call to these accounts.
    ///
    /// An `OK` or `SomeError` with a code and a `FAIL` without one contradict themselves: nobody can
    /// tell what became of the call. A listed account that wasn't addressed is ignored.
    package func outcome(to accounts: some Collection<Account>) -> Outcome {
        guard envelope.isConsistent else { return .unknown(.unreadable) }
        let listed = listed(of: accounts)
        return envelope.status == .fail ? failure(to: accounts, listed) : success(listed)
    }

    /// What is odd about an answer to these accounts, though it can be read; nil if nothing is.
    package func oddity(to accounts: some Collection<Account>) -> String? {
        let strangers = listed.count - listed(of: accounts).count
        switch (strangers, contradictions) {
        case (0, 0): return nil
        case (_, 0): return "it lists \(strangers) accounts that weren't addressed"
        case (0, _): return "it lists accounts twice, with different codes"
        default:
            return "it lists \(strangers) accounts that weren't addressed, and others twice"
        }
    }

    private func listed(of accounts: some Collection<Account>) -> [Listed] {
        if listed.isEmpty { return [] }
        let addressed = Set(accounts.map(\.bytes))
        return listed.filter { addressed.contains($0.account) }
    }

    private func success(_ listed: [Listed]) -> Outcome {
        let refused = listed.filter { $0.code != 0 }.map { entry in
            Self.named(Account(checked: entry.account), entry.code)
        }
        return .answered(messageKey: messageKey, refused: refused)
    }

    private func failure(to accounts: some Collection<Account>, _ listed: [Listed]) -> Outcome {
        if listed.isEmpty { return envelope.failure(of: .batchSend) }
        // None was accepted, says the status; accepted, says the entry.
        guard listed.allSatisfy({ $0.code != 0 }) else { return .unknown(.unreadable) }
        guard listed.count == accounts.count || isAboutRecipients else {
            return envelope.failure(of: .batchSend)
        }
        let codes = Dictionary(uniqueKeysWithValues: listed.map { ($0.account, $0.code) })
        let refused = accounts.map { account in
            codes[account.bytes].map { Self.named(account, $0) } ?? unnamed(account)
        }
        return .answered(messageKey: messageKey, refused: refused)
    }

    /// Whether the envelope's code can be the code of the accounts that aren't listed.
    private var isAboutRecipients: Bool {
        switch CodeTable.codeClass(of: envelope.code) {
        case .retryable, .recipient, .recipientsUnconfirmed: true
        case .accepted, .throttled, .credentialsExpired, .credentials, .campaign: false
        case .tooLarge, .service, nil: false
        }
    }

    private static func named(_ account: Account, _ code: Int) -> Outcome.RefusedAccount {
        let isRetryable = CodeTable.codeClass(of: code) == .retryable
        return .init(account: account, code: code, kind: isRetryable ? .retryable : .final)
    }

    /// An account that takes the envelope's code: one that names all recipients at once may not be
    /// meant of it.
    private func unnamed(_ account: Account) -> Outcome.RefusedAccount {
        let kind: Outcome.RefusedAccount.Kind =
            switch CodeTable.codeClass(of: envelope.code) {
            case .retryable: .retryable
            case .recipientsUnconfirmed: .unconfirmed
            default: .final
            }
        return .init(account: account, code: envelope.code, kind: kind, isNamed: false)
    }
}
