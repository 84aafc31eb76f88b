import DeliveryEngine
import Logging

/// Tells of troubles with the database once, and of their end.
struct Trouble {
    private let logger: Logger
    private var last: String?

    init(_ logger: Logger) { self.logger = logger }

    mutating func note(_ error: any Error) {
        let text = Self.text(of: error)
        defer { last = text }
        if last == nil {
            logger.warning("The database can't be used", metadata: ["error": "\(text)"])
        }
    }

    mutating func passed() {
        if last != nil { logger.notice("The database can be used again") }
        last = nil
    }

    private static func text(of error: any Error) -> String {
        switch error {
        case let failure as ServerSearch.Failure: failure.text
        case let fault as PostgresFault: fault.detail
        case QueueError.full(let text), QueueError.failed(let text): text
        default: "\(error)"
        }
    }
}
