import DeliveryCore

/// A campaign as its row says, without message, failures and recipients.
struct CampaignRow: Sendable {
    let key: Int64
    let id: Campaign.ID
    var name: String
    var state: Campaign.State
    var reason: Campaign.Reason?
    var settings: Campaign.Settings
    let packetOverhead: Int
    let createdAt: Timestamp
    var startedAt: Timestamp?
    var finishedAt: Timestamp?
    /// The last account claimed, empty before the first claim.
    var cursor: [UInt8] = []
    /// How often it was canceled or expired; what waits belongs to the pass it began to wait in.
    var pass = 0
    var accountLimit: Int?
    /// Recipients beyond the cursor, 0 once they are cut.
    var fresh = 0
    /// Recipients of the present pass that wait for a retry of their own.
    var waiting = 0
    var counts = Counts()
    var resent = 0
    /// When it was made, recipients were last taken into it, or a retry opened it again.
    var touchedAt: Timestamp
    /// What indexes hold of it, as it is stored.
    let storedPlace: Place

    /// What indexes hold of a campaign, which most changes leave as it is.
    struct Place: Hashable {
        let state: Campaign.State
        let finishedAt: Timestamp?
        let touchedAt: Timestamp
    }

    var place: Place { Place(state: state, finishedAt: finishedAt, touchedAt: touchedAt) }

    /// Takes a recipient's place in the counters from one status to another.
    mutating func move(_ count: Int, from old: Recipient.Status, to new: Recipient.Status) {
        counts[old] -= count
        counts[new] += count
    }

    func work(retryDueAt: Timestamp?) -> CampaignWork {
        CampaignWork(
            id: id,
            state: state,
            settings: settings,
            order: key,
            packetOverhead: packetOverhead,
            freshCount: fresh,
            retryCount: waiting,
            retryDueAt: retryDueAt,
            accountLimit: accountLimit
        )
    }

    func campaign(message: CheckedMessage, failures: [Campaign.Failure]) -> Campaign {
        Campaign(
            id: id,
            name: name,
            state: state,
            reason: reason,
            settings: settings,
            createdAt: createdAt,
            startedAt: startedAt,
            finishedAt: finishedAt,
            message: message,
            counts: counts,
            resent: resent,
            failures: failures
        )
    }
}

/// How the recipients that were left ended when a campaign was canceled or expired.
struct Cut: Sendable {
    let status: Recipient.Status
    let at: Timestamp
}
