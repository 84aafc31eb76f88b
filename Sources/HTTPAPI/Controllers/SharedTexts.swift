import DeliveryCore
import DeliveryEngine
import NIOCore
import Synchronization

/// Campaigns as text, each read once, by the first watcher that wants it, until the next tick.
final class SharedTexts: Sendable {
    /// The text of a campaign; nil if it is deleted.
    typealias Text = Result<ByteBuffer?, QueueError>

    private enum Entry {
        case reading([CheckedContinuation<Text?, Never>])
        case read(Text)
    }

    private struct State {
        var entries: [Campaign.ID: Entry] = [:]
        /// What is kept, in bytes.
        var size = 0
        /// Whether a later tick's texts have taken their place.
        var isRetired = false
    }

    private enum Turn {
        /// To read it, for the others too.
        case own
        /// To read it for oneself, since no more is kept.
        case alone
        /// To wait for the watcher that reads it.
        case others
        case known(Text)
    }

    private let state = Mutex(State())

    /// What is kept at most; beyond it watchers read for themselves.
    private static let sizeLimit = 4 << 20

    /// The text of a campaign: as another watcher has read it, or by `read`.
    func text(of id: Campaign.ID, read: () async -> Text) async -> Text {
        while true {
            switch turn(at: id) {
            case .known(let text): return text
            case .alone: return await read()
            case .others: if let text = await wait(for: id) { return text }
            case .own:
                let text = await read()
                for waiting in end(id, text) { waiting.resume(returning: text) }
                return text
            }
        }
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

    private func turn(at id: Campaign.ID) -> Turn {
        state.withLock { state in
            switch state.entries[id] {
            case .read(let text): return .known(text)
            case .reading: return .others
            case nil where state.isRetired: return .alone
            case nil:
                state.entries[id] = .reading([])
                return .own
            }
        }
    }

    /// What the one who reads has read; nil if it was done and not kept.
    private func wait(for id: Campaign.ID) async -> Text? {
        await withCheckedContinuation { continuation in
            let (isWaiting, text) = state.withLock { state -> (Bool, Text?) in
                switch state.entries[id] {
                case .reading(let waiting):
                    state.entries[id] = .reading(waiting + [continuation])
                    return (true, nil)
                case .read(let text): return (false, text)
                case nil: return (false, nil)
                }
            }
            if !isWaiting { continuation.resume(returning: text) }
        }
    }

    /// Keeps a text if there is room for it; returns the watchers that wait for it.
    private func end(_ id: Campaign.ID, _ text: Text) -> [CheckedContinuation<Text?, Never>] {
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
