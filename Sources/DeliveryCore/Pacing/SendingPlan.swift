/// Batches, bytes and time that a campaign takes under the configured limits.
///
/// A forecast for an idle service whose window is empty, where every call is answered at once and
/// no recipient needs a retry.
package struct SendingPlan: Sendable, Hashable {
    package let batches: Int
    package let largestBatchAccounts: Int
    /// Bytes of the whole request, with the longest numbers a call can have.
    package let largestPacketBytes: Int
    /// Seconds until the last call goes out.
    package private(set) var seconds: Int

    /// Plans for these accounts; one named twice counts once.
    ///
    /// Batches are filled in the order of the accounts' bytes, as claims do.
    package init(
        _ accounts: [Account],
        packetOverhead: Int,
        rules: any AccountRules,
        limits: Limits
    ) {
        let accountLimit = Self.accountLimit(limits)
        let byteLimit = limits.packetBytes - packetOverhead
        var (batches, largestCount, largestBytes, total) = (0, 0, 0, 0)
        var (count, bytes) = (0, 0)
        var last: Account?
        for account in accounts.sorted() where account != last {
            last = account
            total += 1
            let size = rules.size(of: account)
            if count == accountLimit || bytes + size > byteLimit { (count, bytes) = (0, 0) }
            if count == 0 { batches += 1 }
            count += 1
            bytes += size
            largestCount = max(largestCount, count)
            largestBytes = max(largestBytes, bytes)
        }
        self.init(
            batches: batches,
            largestBatchAccounts: largestCount,
            largestPacketBytes: packetOverhead + max(0, largestBytes - rules.separatorSize),
            recipients: total,
            limits: limits
        )
    }

    /// Plans for a number of accounts of so many bytes on average, none of which needs an escape.
    package init(
        count: Int,
        meanAccountBytes: Double,
        packetOverhead: Int,
        rules: any AccountRules,
        limits: Limits
    ) {
        precondition(count > 0, "a plan is for at least one recipient")
        let size = meanAccountBytes + Double(rules.frameSize)
        let fitting = Int(Double(limits.packetBytes - packetOverhead) / size)
        let perBatch = min(count, Self.accountLimit(limits), max(1, fitting))
        self.init(
            batches: (count - 1) / perBatch + 1,
            largestBatchAccounts: perBatch,
            largestPacketBytes: packetOverhead + Int((Double(perBatch) * size).rounded(.up))
                - rules.separatorSize,
            recipients: count,
            limits: limits
        )
    }

    private init(
        batches: Int,
        largestBatchAccounts: Int,
        largestPacketBytes: Int,
        recipients: Int,
        limits: Limits
    ) {
        self.batches = batches
        self.largestBatchAccounts = largestBatchAccounts
        self.largestPacketBytes = largestPacketBytes
        let paced = Self.seconds(
            recipients: recipients,
            isNotice: recipients <= Quota.noticeLimit,
            limits: limits
        )
        let quota = Quota(limits)
        let called = Double(max(0, batches - quota.callBurst)) / Double(quota.callRate)
        seconds = Int(max(paced, called).rounded(.up))
    }

    /// Lets calls go only within sending hours, as they come from a time on.
    package mutating func keep(
        to hours: SendingHours?,
        _ calendar: SendingCalendar,
        from now: Timestamp
    ) {
        // Where the hours never open nothing better is known.
        let end = calendar.end(of: .seconds(seconds), within: hours, from: now)
        guard let end else { return }
        seconds = Int((now.duration(to: end).milliseconds + 999) / 1_000)
    }

    private static func accountLimit(_ limits: Limits) -> Int {
        max(1, limits.largestBatch)
    }

    /// Seconds until the quota admits the last recipient.
    ///
    /// Each minute goes like the first: a burst at once, the rest at the bucket's rate until the
    /// window is full. While it stays full the bucket fills up again.
    private static func seconds(recipients: Int, isNotice: Bool, limits: Limits) -> Double {
        let reserve = isNotice ? 0 : Quota(limits).noticeReserve
        let window = max(1, limits.messagesPerMinute - reserve)
        let fullWindows = max(0, recipients - 1) / window
        let rest = recipients - fullWindows * window
        let paced = Double(max(0, rest - limits.burst)) * 60 / Double(limits.messagesPerMinute)
        return Double(fullWindows) * 60 + paced
    }
}
