import DeliveryCore
import DeliveryEngine
import NIOCore
import Synchronization

/// Campaigns as text, each read once, by the first watcher that wants it, until the next tick.
final class SharedTexts: Sendable {
    /// The text of a campaign; nil if it is deleted.
    typealias Text = Result<ByteBuffer?, QueueError>

    /// A watcher that is given a text, or nil to read it itself.
    private typealias Watcher = CheckedContinuation<Text?, Never>

    private enum Entry {
        /// One watcher reads it, and these wait.
        case reading([Watcher])
        case read(Text)
    }

    private struct State {
        var entries: [Campaign.ID: Entry] = [:]
        /// What is kept, in bytes.
        var size = 0
        /// Whether a later tick's texts have taken their place.
        var isRetired = false
    }

    private let state = Mutex(State())

    /// What is kept at most; beyond it watchers read for themselves.
    private static let sizeLimit = 4 << 20

    /// The text of a campaign: as another watcher has read it, or by `read`.
    func text(of id: Campaign.ID, read: () async -> Text) async -> Text {
        if let text = await withCheckedContinuation({ ask(for: id, $0) }) { return text }
        let text = await read()
        for watcher in end(id, text) { watcher.resume(returning: text) }
        return text
    }

    /// Keeps no more texts: campaigns may have changed since.
    func retire() {
        state.withLock { state in
            state.isRetired = true
            state.entries = state.entries.filter { _, entry in
                if case .reading = entry { true } else { false }
            }
        }
    }

    private func ask(for id: Campaign.ID, _ watcher: Watcher) {
        let (isWaiting, text) = state.withLock { state -> (Bool, Text?) in
            switch state.entries[id] {
            case .read(let text): return (false, text)
            case .reading(let waiting):
                state.entries[id] = .reading(waiting + [watcher])
                return (true, nil)
            case nil:
                // What no longer is kept each reads for itself.
                if !state.isRetired { state.entries[id] = .reading([]) }
                return (false, nil)
            }
        }
        if !isWaiting { watcher.resume(returning: text) }
    }

    /// Keeps a text if there is room for it; returns the watchers that wait for it.
    private func end(_ id: Campaign.ID, _ text: Text) -> [Watcher] {
        state.withLock { state in
            guard case .reading(let waiting) = state.entries[id] else { return [] }
            var size = 0
            if case .success(let buffer?) = text { size = buffer.readableBytes }
            let isKept = !state.isRetired && state.size + size <= Self.sizeLimit
            state.entries[id] = isKept ? .read(text) : nil
            if isKept { state.size += size }
            return waiting
        }
    }
}
