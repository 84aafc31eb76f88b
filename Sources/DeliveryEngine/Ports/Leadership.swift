/// The part of this node among those that serve one queue.
package struct ClusterStatus: Sendable, Hashable {
    package enum Role: String, Sendable, Hashable {
        case leader
        case standby
    }

    package var role: Role
    /// The URL at which clients reach the leader; nil if it has none, or nobody leads.
    package var leader: String?
    /// Grows by one with each takeover; nil before the queue was read.
    package var epoch: Int64?
    /// Whether commits are kept by a second server too; nil if the database doesn't say.
    package var synchronous: Bool?

    package init(
        role: Role,
        leader: String? = nil,
        epoch: Int64? = nil,
        synchronous: Bool? = nil
    ) {
        self.role = role
        self.leader = leader
        self.epoch = epoch
        self.synchronous = synchronous
    }
}

/// What a node counts about its leadership since the process began.
package struct LeadershipFigures: Sendable, Hashable {
    /// Commits of which it was unknown for a while whether they were made.
    package var inDoubt: Int
    /// How often the database was found to have gone back behind what this node had seen.
    package var wentBack: Int

    package init(inDoubt: Int = 0, wentBack: Int = 0) {
        self.inDoubt = inDoubt
        self.wentBack = wentBack
    }
}

/// One of several nodes on one queue, of which one at a time leads.
package protocol Leadership: Sendable {
    var status: ClusterStatus { get }
    var figures: LeadershipFigures { get }

    /// Stands by until this node leads, and answers the queue, which is this term's alone.
    ///
    /// Troubles with the database are logged and waited out; throws only `CancellationError`, or
    /// what no waiting mends.
    func lead() async throws -> any QueueBackend

    /// Beats while the queue is idle and returns once the lease is lost, or the task cancelled.
    func keep() async

    /// Whether a call's first byte may go out now: no other node can have taken the lease over.
    func allowsCall() -> Bool

    /// Ends the term: closes its queue, and gives the lease up if it is still held, so that another
    /// node takes over at once.
    func resign() async
}
