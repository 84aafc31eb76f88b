package import DeliveryEngine
import Synchronization

/// How many recipients wait in a queue, read again only after something has changed.
///
/// A read wakes up threads, and the service manager is told the same number for as long as a daemon
/// is at rest.
package final class Backlog: Sendable {
    private struct Read {
        var revision: Int
        var recipients: Int
    }

    private let last = Mutex<Read?>(nil)

    package init() {}

    package func recipients(
        of queue: any QueueFigures,
        _ changes: ChangeFeed
    ) async throws(QueueError) -> Int {
        // Before the read: what changes meanwhile is read next time.
        let revision = changes.revision
        if let last = last.withLock({ $0 }), last.revision == revision { return last.recipients }
        let recipients = try await queue.standing().recipients
        last.withLock { $0 = Read(revision: revision, recipients: recipients) }
        return recipients
    }
}
