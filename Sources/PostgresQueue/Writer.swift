import DeliveryCore
import DeliveryEngine
import Glibc
import QueueTables

/// The connection that writes; it is made anew when it broke.
final class Writer {
    private let session: Session
    private(set) var server: ServerConnection

    init(_ session: Session, _ server: ServerConnection) {
        self.session = session
        self.server = server
    }

    /// Connects anew if the connection is of no use; true if it did.
    func connect(_ engine: PostgresEngine) throws {
        guard server.isBroken else { return }
        let found = try session.connect()
        server = found.connection
        engine.moved(to: found.host)
    }

    /// Clears the holder, so that another node takes the lease over at once.
    func giveUp(_ mark: LeaseMark) {
        do {
            // The queue was closed before its term, maybe.
            if server.isBroken { server = try session.connect().connection }
            try server.run(
                """
                UPDATE clock SET holder = '', advertise = ''
                WHERE epoch = \(mark.epoch) AND beat = \(mark.beat)
                """
            )
        } catch {
            // The others wait for as long as the lease is believed.
        }
    }

    func close() { server.close() }
}

/// The writer during one job; each of its transactions begins at the lease.
struct WriterTurn: WritingConnection {
    let engine: PostgresEngine
    let writer: Writer

    private var term: Term { engine.term }

    func statement(_ sql: StatementText) throws -> any PreparedStatement {
        PostgresStatement(writer.server, engine.session.texts[sql])
    }

    var changedRows: Int { writer.server.changedRows }
    var bindsArrays: Bool { true }

    func check() throws {
        if term.isLost { throw term.lostError }
        try writer.connect(engine)
        let epoch = term.mark.epoch
        let found = try again { try $0.run("SELECT 1 FROM clock WHERE epoch = \(epoch)") }
        if found.first?.count == 0 { throw term.lose() }
    }

    /// Runs what may be run twice, once more if the connection turns out to have gone meanwhile.
    private func again<T>(_ body: (ServerConnection) throws -> T) throws -> T {
        do {
            return try body(writer.server)
        } catch let fault as PostgresFault where fault.kind == .connection {
            try writer.connect(engine)
            return try body(writer.server)
        }
    }

    func transaction(_ body: () throws -> Void) throws {
        if term.isLost { throw term.lostError }
        let begunAt = BootClock.now()
        let mark = term.mark
        try writer.connect(engine)
        try begin(mark)
        do {
            try body()
        } catch {
            if !writer.server.isBroken { writer.server.rollBack() }
            throw error
        }
        try commit(mark.next, begunAt: begunAt)
    }

    /// The row's lock is also what makes one writer at a time.
    private func begin(_ mark: LeaseMark) throws {
        let answers = try again { server in
            do {
                return try server.run(
                    """
                    BEGIN; UPDATE clock SET beat = \(mark.next.beat)
                    WHERE epoch = \(mark.epoch) AND beat = \(mark.beat)
                    """
                )
            } catch {
                // On a primary that was replaced nobody may ever get the row.
                if (error as? PostgresFault)?.isOfLock == true { server.close() }
                if !server.isBroken { server.rollBack() }
                throw error
            }
        }
        guard answers.last?.changedRows == 1 else {
            writer.server.rollBack()
            throw term.lose()
        }
    }

    // MARK: The end of a transaction

    private func commit(_ mark: LeaseMark, begunAt instant: Instant) throws {
        let server = writer.server
        server.hasWarned = false
        do {
            let answers = try server.run("COMMIT")
            guard answers.last?.command == "COMMIT" else {
                throw PostgresFault(kind: .protocolBroken, detail: "a commit was rolled back")
            }
        } catch {
            // An error of the server's is its word that nothing was committed.
            guard server.isBroken else { throw error }
            try settle(mark, begunAt: instant, error)
            return
        }
        guard server.hasWarned else { return term.proved(mark, begunAt: instant) }
        try settle(mark, begunAt: instant, unreplicated)
    }

    private var unreplicated: PostgresFault {
        PostgresFault(
            kind: .connection,
            detail: "the wait for the second server to have a commit was canceled"
        )
    }

    /// Finds out whether a commit was made, for as long as it takes; throws what was thrown if it
    /// wasn't.
    private func settle(_ mark: LeaseMark, begunAt instant: Instant, _ error: any Error) throws {
        term.noteDoubt()
        try engine.settling {
            while true {
                if engine.isClosed { throw error }
                switch findBeat(of: mark.epoch) {
                case .found(mark.beat): return term.proved(mark, begunAt: instant)
                case .found(mark.beat - 1): throw error
                case .found, .lost: throw term.lose()
                case .unknown: _ = poll(nil, 0, Self.pause)
                }
            }
        }
    }

    /// Milliseconds between two questions.
    private static let pause: CInt = 500

    private enum Finding {
        case found(Int64)
        case lost
        case unknown
    }

    /// The row's beat, by a question that is a commit itself: it waits for a backend that is still
    /// committing, and until the second server has all that was committed before.
    private func findBeat(of epoch: Int64) -> Finding {
        do {
            try writer.connect(engine)
            let server = writer.server
            server.hasWarned = false
            let answer = try server.run(
                "UPDATE clock SET beat = beat WHERE epoch = \(epoch) RETURNING beat"
            ).last
            if let answer, !server.hasWarned {
                guard answer.count > 0 else { return .lost }
                if let beat = Int64(answer.text(0, 0)) { return .found(beat) }
            }
        } catch {
            // No server can be reached, or this one lets nobody have the row for now.
        }
        // The next question goes to the server of the highest timeline: this one may be a primary that
        // was replaced, and a backend of its own hold the row for ever.
        writer.server.close()
        return .unknown
    }
}

extension LeaseMark {
    /// The mark after one more commit.
    var next: LeaseMark { LeaseMark(epoch: epoch, beat: beat + 1) }
}
