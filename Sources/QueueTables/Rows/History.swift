/// The earlier calls of one recipient.
struct History: Sendable {
    var attempts = 0
    /// The column `doubted`.
    private var doubt = 0

    init() {}

    init(attempts: Int, doubt: Int) {
        self.attempts = attempts
        self.doubt = doubt
    }

    /// Whether one of them may have been accepted, for all that is known.
    var maybeAccepted: Bool { doubt == 1 }

    /// Whether no answer settled one of them, though the provider's history may show none.
    var isUnsettled: Bool { doubt > 0 }
}
