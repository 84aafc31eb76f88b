package import DeliveryCore
import Synchronization

/// Tells watchers which campaigns have changed.
///
/// It keeps ids only: a watcher that reads late finds a campaign once, however often it changed, so
/// a slow watcher needs no more memory than a fast one.
package final class ChangeFeed: Sendable {
    private struct State {
        var watches: [Int: Set<Campaign.ID>] = [:]
        var count = 0
        var revision = 0
    }

    private let state = Mutex(State())

    package init() {}

    /// Records that a campaign has changed.
    package func changed(_ id: Campaign.ID) {
        state.withLock { state in
            state.revision += 1
            for watch in state.watches.keys { state.watches[watch]?.insert(id) }
        }
    }

    /// Another one after each change, and after each campaign that has come in.
    package var revision: Int { state.withLock { $0.revision } }

    /// Records that there is one more campaign, which is no change of one that was there.
    func admitted() {
        state.withLock { $0.revision += 1 }
    }

    /// Begins to collect changes; they are collected until the watch is ended.
    package func watch() -> Watch {
        state.withLock { state in
            state.count += 1
            state.watches[state.count] = []
            return Watch(id: state.count)
        }
    }

    /// The campaigns changed since the watch began or was last read, the oldest campaign first.
    package func changes(of watch: Watch) -> [Campaign.ID] {
        let changed = state.withLock { state in
            guard let changed = state.watches[watch.id] else { return Set<Campaign.ID>() }
            state.watches[watch.id] = []
            return changed
        }
        return changed.sorted()
    }

    package func end(_ watch: Watch) {
        state.withLock { _ = $0.watches.removeValue(forKey: watch.id) }
    }

    /// The number of watches.
    package var watchCount: Int { state.withLock { $0.watches.count } }

    package struct Watch: Sendable, Hashable {
        fileprivate let id: Int
    }
}

extension ChangeFeed {
    /// Records the campaigns that a commit changed.
    func committed(_ writes: [Write], _ results: [WriteResult]) {
        for (write, result) in zip(writes, results) {
            switch result {
            case .claimed(_, let work), .recorded(let work, _):
                if let work { changed(work.id) }
            case .changed(.success(let change)):
                changed(change.campaign.id)
            case .stepped(let step): changed(step.campaign)
            case .swept(let swept):
                for id in swept.retired { changed(id) }
            case .failed(let failure):
                if let id = failure.campaign { changed(id) }
            case .changed(.failure), .done:
                break
            }
            if case .delete(let id) = write { changed(id) }
        }
    }
}
