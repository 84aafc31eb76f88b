import DeliveryCore
import DeliveryEngine
import NIOCore
import Synchronization

/// Events as text, each made once, by the first watcher that wants it, until the next tick.
final class SharedTexts: Sendable {
    /// The text of an event; nil if there is nothing to tell.
    typealias Text = Result<ByteBuffer?, QueueError>

    /// What an event tells of.
    enum Subject: Hashable {
        case campaign(Campaign.ID, hasMessage: Bool)
        /// What was sent in the minute that began then.
        case minute(Timestamp)
    }

    /// A watcher that is given a text, or nil to read it itself.
    private typealias Watcher = CheckedContinuation<Text?, Never>

    private enum Entry {
        /// One watcher reads it, and these wait.
        case reading([Watcher])
        case read(Text)
    }

    private struct State {
        var entries: [Subject: Entry] = [:]
        /// What is kept, in bytes.
        var size = 0
        /// Whether a later tick's texts have taken their place.
        var isRetired = false
    }

    private let state = Mutex(State())

    /// What is kept at most; beyond it watchers read for themselves.
    private static let sizeLimit = 4 << 20

    /// The text of an event: as another watcher has made it, or by `read`.
    func text(of subject: Subject, read: () async -> Text) async -> Text {
        if let text = await withCheckedContinuation({ ask(for: subject, $0) }) { return text }
        let text = await read()
        for watcher in end(subject, text) { watcher.resume(returning: text) }
        return text
    }

    /// Keeps no more texts: what they tell of may have changed since.
    func retire() {
        state.withLock { state in
            state.isRetired = true
            state.entries = state.entries.filter { _, entry in
                if case .reading = entry { true } else { false }
            }
        }
    }

    private func ask(for subject: Subject, _ watcher: Watcher) {
        let (isWaiting, text) = state.withLock { state -> (Bool, Text?) in
            switch state.entries[subject] {
            case .read(let text): return (false, text)
            case .reading(let waiting):
                state.entries[subject] = .reading(waiting + [watcher])
                return (true, nil)
            case nil:
                // What no longer is kept each reads for itself.
                if !state.isRetired { state.entries[subject] = .reading([]) }
                return (false, nil)
            }
        }
        if !isWaiting { watcher.resume(returning: text) }
    }

    /// Keeps a text if there is room for it; returns the watchers that wait for it.
    private func end(_ subject: Subject, _ text: Text) -> [Watcher] {
        state.withLock { state in
            guard case .reading(let waiting) = state.entries[subject] else { return [] }
            var size = 0
            if case .success(let buffer?) = text { size = buffer.readableBytes }
            let isKept = !state.isRetired && state.size + size <= Self.sizeLimit
            state.entries[subject] = isKept ? .read(text) : nil
            if isKept { state.size += size }
            return waiting
        }
    }
}
