/// What codes mean in answers of the commands that name one recipient and address nobody.
extension CodeTable {
    /// A message to be recalled that isn't there.
    static let noSuchMessage = 20_022

    /// The class of a code in an answer of a command, nil if it is in no table.
    static func codeClass(of code: Int, in command: ServiceCommand) -> Class? {
        switch command {
        case .batchSend, .accountCheck: codeClass(of: code)
        case .history: (history[code]?.codeClass ?? codeClass(of: code)).map(ofOneAccount)
        case .recall: (recall[code]?.codeClass ?? codeClass(of: code)).map(ofOneAccount)
        }
    }

    /// A code of a command in words, nil if it is in no table.
    static func words(for code: Int, in command: ServiceCommand) -> String? {
        let own: Entry? =
            switch command {
            case .batchSend, .accountCheck: nil
            case .history: history[code]
            case .recall: recall[code]
            }
        return own?.words ?? words(for: code)
    }

    /// A call that names one account has nobody else to blame, and nothing to halve.
    private static func ofOneAccount(_ codeClass: Class) -> Class {
        switch codeClass {
        case .recipientsUnconfirmed: .recipient
        case .tooLarge: .campaign
        case .accepted, .retryable, .recipient, .throttled, .credentialsExpired, .credentials,
            .campaign, .service:
            codeClass
        }
    }

    /// Which of the conversation's two accounts a code names is not documented.
    private static let history = table([
        entry(90_003, .recipient, "an account of the conversation doesn't exist"),
        entry(90_008, .recipient, "an account of the conversation doesn't exist"),
    ])

    static let recall = table([
        entry(20_016, .recipient, "it is too late to recall the message"),
        entry(noSuchMessage, .recipient, "there is no such message"),
        entry(20_023, .accepted, "the message was recalled before"),
        entry(90_001, .campaign, "the JSON can't be read"),
        entry(90_003, .recipient, "the recipient doesn't exist"),
        entry(90_008, .campaign, "the sender doesn't exist"),
        entry(90_054, .campaign, "the message's key is missing or wrong"),
    ])

    private static func table(_ entries: [Entry]) -> [Int: Entry] {
        Dictionary(uniqueKeysWithValues: entries.map { ($0.code, $0) })
    }
}
