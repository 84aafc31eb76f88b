/// What one page of a recipient's history shows.
package struct HistoryPage: Sendable, Hashable {
    /// One of the calls that were looked for, if the page has it.
    package let found: FoundCall?
    /// Where the next page begins; nil if this was the last, or shows what was looked for.
    package let next: HistoryPosition?
    /// Whether the provider keeps such a message in a history at all; otherwise nothing was asked.
    package let isKept: Bool

    package init(found: FoundCall?, next: HistoryPosition?, isKept: Bool = true) {
        self.found = found
        self.next = next
        self.isKept = isKept
    }
}

/// A call that the history shows: it was accepted.
package struct FoundCall: Sendable, Hashable {
    package let numbers: CallNumbers
    /// The key that the lost answer would have had; nil if the history names none.
    package let messageKey: String?

    package init(numbers: CallNumbers, messageKey: String?) {
        self.numbers = numbers
        self.messageKey = messageKey
    }
}

/// A place in a history, which only the provider's adapter can read.
package struct HistoryPosition: Sendable, Hashable {
    package let time: Int64
    package let key: [UInt8]
    /// The pages before it, so that no walk is endless.
    package let pages: Int

    package init(time: Int64, key: [UInt8], pages: Int = 1) {
        self.time = time
        self.key = key
        self.pages = pages
    }
}
