/// Where all sending stands, with what people want to know of it.
package struct ServiceStatus: Sendable, Hashable {
    package var state: ServiceState
    package var reason: Campaign.Reason?
    /// When this state came about in this run; nil before the queue has been read.
    package var since: Timestamp?
    /// When it is tried again or goes on by itself; nil if it doesn't, or nobody can know.
    package var until: Timestamp?
    /// What an operator can do about it, in words; nil if nothing needs to be done.
    package var remedy: String?
    /// The sixteenths of the quota that throttling leaves.
    package var pace: Int
}
