import CLibpq
import DeliveryCore
import Glibc

/// A connection to one server, over those of libpq's calls that never block.
///
/// Every exchange ends within its deadline, whatever the server does: a hung one comes back as an
/// error, and the connection is closed.
@safe final class ServerConnection {
    /// Nil once it is closed.
    private var handle: OpaquePointer?
    /// Where libpq notes a warning of the server.
    private let warned: UnsafeMutablePointer<Bool>
    private let host: String
    /// Whether it is closed, by this side or since it was of no use any more.
    var isBroken: Bool { unsafe handle == nil }
    /// How many messages were answered.
    private(set) var roundTrips = 0
    /// The names of prepared statements, by their text.
    private var prepared: [String: String] = [:]
    var changedRows = 0

    /// How long a server may be silent.
    static let patience: Duration = .seconds(5)

    /// Takes over a connection that libpq has made.
    init(_ handle: OpaquePointer, host: String) {
        unsafe self.handle = unsafe handle
        self.host = host
        unsafe warned = .allocate(capacity: 1)
        unsafe warned.initialize(to: false)
        unsafe fanoutd_pg_flag_warnings(handle, warned)
        _ = unsafe fanoutd_PQsetnonblocking(handle)
    }

    deinit {
        close()
        unsafe warned.deallocate()
    }

    func close() {
        if let handle = unsafe handle { unsafe fanoutd_PQfinish(handle) }
        unsafe handle = nil
    }

    /// As servers number themselves: 15.4 is 150004.
    var serverVersion: Int {
        unsafe handle.map { Int(unsafe fanoutd_PQserverVersion($0)) } ?? 0
    }

    /// Whether the server has warned of something since this was set to false.
    var hasWarned: Bool {
        get { unsafe warned.pointee }
        set { unsafe warned.pointee = newValue }
    }

    // MARK: Exchanges

    /// Runs statements without parameters, separated by semicolons; answers one answer for each.
    @discardableResult
    func run(_ statements: String) throws(PostgresFault) -> [Answer] {
        let handle = try unsafe open()
        try unsafe expectSent(fanoutd_PQsendQuery(handle, statements))
        return try unsafe answers(handle)
    }

    /// Runs a statement that is prepared once, by its text.
    func run(_ text: String, _ parameters: Parameters) throws(PostgresFault) -> Answer {
        let handle = try unsafe open()
        let name = try prepare(text)
        let isSent = unsafe parameters.withPointers { values, lengths, formats in
            let count = CInt(lengths.count)
            return unsafe fanoutd_PQsendQueryPrepared(handle, name, count, values, lengths, formats)
        }
        try expectSent(isSent)
        guard let answer = try unsafe answers(handle).first else {
            throw end(.protocolBroken, "the server answered nothing")
        }
        changedRows = answer.changedRows
        return answer
    }

    private func prepare(_ text: String) throws(PostgresFault) -> String {
        if let name = prepared[text] { return name }
        let name = "s\(prepared.count)"
        let handle = try unsafe open()
        try unsafe expectSent(fanoutd_PQsendPrepare(handle, name, text))
        _ = try unsafe answers(handle)
        prepared[text] = name
        return name
    }

    private func open() throws(PostgresFault) -> OpaquePointer {
        guard let handle = unsafe handle else {
            throw PostgresFault(kind: .connection, detail: "\(host): the connection is closed")
        }
        return unsafe handle
    }

    private func expectSent(_ isSent: CInt) throws(PostgresFault) {
        if isSent != 1 { throw end(.connection) }
    }

    /// Sends what is to be sent, and takes all answers up to the end of the exchange.
    private func answers(_ handle: OpaquePointer) throws(PostgresFault) -> [Answer] {
        roundTrips += 1
        var deadline = BootClock.now().advanced(by: Self.patience)
        while true {
            let left = unsafe fanoutd_PQflush(handle)
            if left < 0 { throw end(.connection) }
            if left == 0 { break }
            try unsafe wait(handle, for: POLLIN | POLLOUT, until: &deadline)
        }
        var answers: [Answer] = []
        var first: PostgresFault?
        while true {
            while unsafe fanoutd_PQisBusy(handle) == 1 {
                try unsafe wait(handle, for: POLLIN, until: &deadline)
            }
            guard let result = unsafe fanoutd_PQgetResult(handle) else { break }
            let answer = unsafe Answer(result)
            if let fault = answer.fault { first = first ?? fault } else { answers.append(answer) }
        }
        guard let first else { return answers }
        if unsafe fanoutd_PQstatus(handle) == FANOUTD_PG_CONNECTION_BAD {
            throw end(.connection, first.detail)
        }
        throw first.kind == .protocolBroken ? end(.protocolBroken, first.detail) : first
    }

    /// Waits for the socket, and reads what has come: the server lives, so it gets more time.
    private func wait(
        _ handle: OpaquePointer,
        for events: Int32,
        until deadline: inout Instant
    ) throws(PostgresFault) {
        let socket = unsafe fanoutd_PQsocket(handle)
        var entry = pollfd(fd: socket, events: Int16(events), revents: 0)
        let ready = unsafe poll(&entry, 1, BootClock.milliseconds(until: deadline))
        if ready == 0 {
            let seconds = Self.patience.components.seconds
            throw end(.deadline, "the server hasn't answered for \(seconds) s")
        }
        guard ready > 0, entry.revents & Int16(POLLIN | POLLERR | POLLHUP) != 0 else { return }
        guard unsafe fanoutd_PQconsumeInput(handle) == 1 else { throw end(.connection) }
        deadline = BootClock.now().advanced(by: Self.patience)
    }

    /// Closes the connection, which is of no use any more, and says why.
    private func end(_ kind: PostgresFault.Kind, _ detail: String? = nil) -> PostgresFault {
        let detail = unsafe detail ?? handle.map { unsafe Self.message(of: $0) } ?? "it is closed"
        close()
        return PostgresFault(kind: kind, detail: "\(host): \(detail)")
    }

    /// What libpq has to say of a connection, on one line.
    static func message(of handle: OpaquePointer) -> String {
        let text = unsafe String(cString: fanoutd_PQerrorMessage(handle))
        return text.split(whereSeparator: \.isNewline).joined(separator: " ")
    }
}
