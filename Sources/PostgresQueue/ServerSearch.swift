import CLibpq
import DeliveryCore
import Glibc

/// Looks at all servers of a connection string at once, and keeps the one that leads.
///
/// After a failover a primary that was cut off may come back and take writes for a while: the one
/// of the highest timeline is the right one, so it isn't enough to take the first that answers.
struct ServerSearch {
    let string: ConnectionString
    /// The servers that are looked at.
    let hosts: [ConnectionString.Host]

    /// How long all of it may take.
    private static let limit: Duration = .seconds(5)
    /// How long the others have once one that takes writes has answered.
    private static let grace: Duration = .seconds(1)

    struct Found {
        let connection: ServerConnection
        let host: ConnectionString.Host
    }

    /// Why no server can be used.
    struct Failure: Error {
        let text: String
        /// Whether every server refuses this role, which waiting doesn't mend.
        let isRefusal: Bool
    }

    func run() throws(Failure) -> Found {
        let attempts = hosts.map { Attempt(string, $0) }
        let deadline = BootClock.now().advanced(by: Self.limit)
        var end = deadline
        var isGraced = false
        while true {
            let pending = attempts.filter(\.isPending)
            guard !pending.isEmpty else { break }
            var entries = pending.map { pollfd(fd: $0.socket, events: $0.events, revents: 0) }
            let count = nfds_t(entries.count)
            let ready = unsafe poll(&entries, count, BootClock.milliseconds(until: end))
            if ready == 0 { break }
            for (attempt, entry) in zip(pending, entries) where entry.revents != 0 {
                attempt.advance()
            }
            if !isGraced, attempts.contains(where: { $0.timeline != nil }) {
                isGraced = true
                end = min(deadline, BootClock.now().advanced(by: Self.grace))
            }
        }
        let best = attempts.max { ($0.timeline ?? -1) < ($1.timeline ?? -1) }
        if let best, best.timeline != nil, let connection = best.take() {
            return Found(connection: connection, host: best.host)
        }
        throw Failure(
            text: attempts.map { "\($0.host.name): \($0.trouble)" }.joined(separator: "; "),
            isRefusal: attempts.allSatisfy(\.isRefused)
        )
    }
}

/// One server that is connected to and asked what it is.
@safe private final class Attempt {
    let host: ConnectionString.Host
    private var handle: OpaquePointer?
    private var step = Step.connecting(FANOUTD_PG_POLLING_WRITING)
    private(set) var isRefused = false

    private enum Step {
        /// Waits for what libpq last asked for.
        case connecting(CInt)
        /// Waits for the end of the answer to the question.
        case asking(Answer?)
        /// Takes writes on this timeline.
        case writable(timeline: Int)
        case failed(String)
    }

    /// Whether it refuses writes, and else its timeline.
    private static let question = """
        SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on',
            CASE WHEN pg_is_in_recovery() THEN ''
            ELSE substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END
        """

    init(_ string: ConnectionString, _ host: ConnectionString.Host) {
        self.host = host
        let settings = string.settings(of: host)
        unsafe handle = Self.start(settings)
        guard let handle = unsafe handle else {
            step = .failed("there is no memory for a connection")
            return
        }
        if unsafe fanoutd_PQstatus(handle) == FANOUTD_PG_CONNECTION_BAD { fail() }
    }

    deinit { if let handle = unsafe handle { unsafe fanoutd_PQfinish(handle) } }

    private static func start(_ settings: [ConnectionString.Setting]) -> OpaquePointer? {
        let keywords = unsafe settings.map { unsafe strdup($0.keyword) } + [nil]
        let values = unsafe settings.map { unsafe strdup($0.value) } + [nil]
        defer {
            for index in unsafe keywords.indices {
                unsafe free(keywords[index])
                unsafe free(values[index])
            }
        }
        return unsafe fanoutd_PQconnectStartParams(
            keywords.map { unsafe UnsafePointer($0) },
            values.map { unsafe UnsafePointer($0) }
        )
    }

    var isPending: Bool {
        switch step {
        case .connecting, .asking: true
        case .writable, .failed: false
        }
    }

    /// Nil unless it takes writes.
    var timeline: Int? {
        if case .writable(let timeline) = step { timeline } else { nil }
    }

    var trouble: String {
        switch step {
        case .failed(let text): text
        case .connecting, .asking: "it doesn't answer"
        case .writable: "it takes writes"
        }
    }

    var socket: CInt { unsafe handle.map { unsafe fanoutd_PQsocket($0) } ?? -1 }

    var events: Int16 {
        if case .connecting(FANOUTD_PG_POLLING_WRITING) = step { return Int16(POLLOUT) }
        return Int16(POLLIN)
    }

    /// Hands the connection over.
    func take() -> ServerConnection? {
        guard let handle = unsafe handle else { return nil }
        unsafe self.handle = nil
        return unsafe ServerConnection(handle, host: host.name)
    }

    /// Goes on when the socket is ready.
    func advance() {
        guard let handle = unsafe handle else { return }
        switch step {
        case .connecting:
            let wish = unsafe fanoutd_PQconnectPoll(handle)
            switch wish {
            case FANOUTD_PG_POLLING_OK:
                step = .asking(nil)
                if unsafe fanoutd_PQsendQuery(handle, Self.question) != 1 { fail() }
            case FANOUTD_PG_POLLING_FAILED: fail()
            default: step = .connecting(wish)
            }
        case .asking:
            guard unsafe fanoutd_PQconsumeInput(handle) == 1 else { return fail() }
            while unsafe fanoutd_PQisBusy(handle) == 0 {
                guard let result = unsafe fanoutd_PQgetResult(handle) else { return judge() }
                step = .asking(unsafe Answer(result))
            }
        case .writable, .failed: break
        }
    }

    private func judge() {
        guard case .asking(let answer?) = step else { return fail() }
        if let fault = answer.fault {
            step = .failed(fault.detail)
        } else if answer.text(0, 0) == "t" {
            step = .failed("it takes no writes")
        } else {
            step = .writable(timeline: Int(answer.text(0, 1), radix: 16) ?? 0)
        }
    }

    private func fail() {
        guard let handle = unsafe handle else { return }
        step = .failed(unsafe ServerConnection.message(of: handle))
        let needs = unsafe fanoutd_PQconnectionNeedsPassword(handle)
        let used = unsafe fanoutd_PQconnectionUsedPassword(handle)
        // Whoever asks for a password and doesn't let it in has refused it.
        isRefused = needs || used
    }
}
