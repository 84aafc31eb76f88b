import Codecs
import DeliveryCore
import DeliveryEngine
import Synchronization

/// The text of a `Date` header, made once for each second in which something is answered.
///
/// No timer makes it: an endpoint that nobody asks doesn't wake up.
final class DateTexts: Sendable {
    private struct Made {
        var second: Int64
        var text: String
    }

    private let time: any TimeSource
    private let made: Mutex<Made?>

    init(time: any TimeSource) {
        self.time = time
        made = Mutex(nil)
    }

    /// The present one.
    var now: String {
        let second = time.now().timestamp.milliseconds / 1_000
        return made.withLock { made in
            if let made, made.second == second { return made.text }
            let text = HTTPDate.text(seconds: second)
            made = Made(second: second, text: text)
            return text
        }
    }
}
