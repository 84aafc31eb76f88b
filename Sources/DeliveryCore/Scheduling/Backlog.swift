/// What a flow has to send now.
struct Backlog: Sendable, Equatable {
    let flow: FairShares.Flow
    /// The order of creation, which breaks ties.
    let order: Int64
    /// The recipients it has left.
    let size: Int
    /// The virtual time at which it starts, or earlier than the class's for at once.
    var startTime: Int

    /// Whether it is so small that it may pass the flow whose turn it is.
    var isNotice: Bool { size <= Quota.noticeLimit }

    func ranked(by key: Int) -> Ranked<Int> { Ranked(key: key, order: order, id: flow.id) }
}
