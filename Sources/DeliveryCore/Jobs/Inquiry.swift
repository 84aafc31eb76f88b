/// How far the calls about one recipient have come since it was fetched.
package struct Inquiry: Sendable, Hashable {
    /// The number of the sender whose calls are looked for.
    package private(set) var sender = 0
    /// Where the next page of the history begins; nil for the first.
    package private(set) var position: HistoryPosition?
    package private(set) var pages = 1
    package private(set) var failures = 0

    package init() {}

    func turned(to position: HistoryPosition) -> Inquiry {
        var inquiry = self
        inquiry.position = position
        inquiry.pages += 1
        return inquiry
    }

    func ofNextSender() -> Inquiry {
        var inquiry = Inquiry()
        inquiry.sender = sender + 1
        return inquiry
    }

    func failed() -> Inquiry {
        var inquiry = self
        inquiry.failures += 1
        return inquiry
    }
}
