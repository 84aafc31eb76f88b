import DeliveryCore
import DeliveryEngine
import NIOCore
import Synchronization

/// The changes that all watchers of events share, so that a change costs one reading however many
/// watch.
///
/// Time goes in ticks, at which all watchers look. The first one at a tick takes what has changed
/// from the feed; the first to come to a campaign reads it, and the others get the same text.
final class EventBoard: Sendable {
    private struct State {
        /// The board's own watch of the feed, while anybody watches the board.
        var watch: ChangeFeed.Watch?
        var tick = Instant(nanoseconds: .min)
        var texts = SharedTexts()
        /// Those that are made afresh once a second.
        var minutes = SharedTexts()
        var log = ChangeLog()
    }

    private let feed: ChangeFeed
    private let state = Mutex(State())

    /// At most four events a second for each object.
    static let interval = Duration.milliseconds(250)

    init(feed: ChangeFeed) {
        self.feed = feed
    }

    func join() -> ChangeLog.Reader {
        state.withLock { state in
            if state.watch == nil { state.watch = feed.watch() }
            return state.log.join()
        }
    }

    func leave(_ reader: ChangeLog.Reader) {
        state.withLock { state in
            state.log.leave(reader)
            guard state.log.isUnread, let watch = state.watch else { return }
            feed.end(watch)
            state.watch = nil
            state.texts.retire()
            state.minutes.retire()
        }
    }

    /// What a reader finds when it looks.
    struct Look {
        /// What has changed since its last look, the oldest campaign first.
        let changed: [Campaign.ID]
        /// The texts of that.
        let texts: SharedTexts
        /// The texts of minutes.
        let minutes: SharedTexts
    }

    func look(_ reader: ChangeLog.Reader, at tick: Instant) -> Look {
        state.withLock { state in
            if tick > state.tick, let watch = state.watch {
                if Self.second(of: tick) > Self.second(of: state.tick) {
                    state.minutes.retire()
                    state.minutes = SharedTexts()
                }
                state.tick = tick
                for id in feed.changes(of: watch) { state.log.append(id) }
                state.texts.retire()
                state.texts = SharedTexts()
            }
            return Look(
                changed: state.log.read(reader),
                texts: state.texts,
                minutes: state.minutes
            )
        }
    }

    /// The second in which a tick lies: of minutes there is one text in each.
    static func second(of tick: Instant) -> Int64 { tick.nanoseconds / 1_000_000_000 }

    /// The first tick that isn't before a time.
    static func tick(notBefore time: Instant) -> Instant {
        let step = Int64(interval / .nanoseconds(1))
        let past = time.nanoseconds % step
        return past == 0 ? time : time.advanced(by: .nanoseconds(step - past))
    }
}
