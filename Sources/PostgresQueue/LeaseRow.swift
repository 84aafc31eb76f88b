import DeliveryCore

/// The row of the lease, as anybody may read it.
struct LeaseRow: Sendable, Hashable {
    var mark: LeaseMark
    /// The node that leads; empty if it has given the lease up, or nobody ever led.
    var holder: String
    /// The URL at which clients reach it; empty if it has none.
    var advertise: String
    /// Whether commits wait for a second server.
    var isSynchronous: Bool
}

extension ServerConnection {
    /// Reads the row; the schema must be prepared.
    func lease() throws(PostgresFault) -> LeaseRow {
        let answer = try run(
            """
            SELECT epoch, beat, holder, advertise,
                current_setting('synchronous_standby_names') <> ''
            FROM clock
            """
        ).first
        guard let answer, answer.count == 1, let epoch = Int64(answer.text(0, 0)),
            let beat = Int64(answer.text(0, 1))
        else { throw PostgresFault(kind: .protocolBroken, detail: "the clock has no row") }
        return LeaseRow(
            mark: LeaseMark(epoch: epoch, beat: beat),
            holder: answer.text(0, 2),
            advertise: answer.text(0, 3),
            isSynchronous: answer.text(0, 4) == "t"
        )
    }

    /// Takes the lease over if the row still has this mark; false if it hasn't, or if it isn't
    /// known that the second server knows of it.
    func takeLease(
        at mark: LeaseMark,
        holder: String,
        advertise: String?
    ) throws(PostgresFault) -> Bool {
        hasWarned = false
        let answer = try run(
            """
            UPDATE clock SET epoch = \(mark.epoch + 1), beat = \(mark.beat + 1),
                holder = \(Session.literal(holder)),
                advertise = \(Session.literal(advertise ?? ""))
            WHERE epoch = \(mark.epoch) AND beat = \(mark.beat)
            """
        ).first
        return answer?.changedRows == 1 && !hasWarned
    }
}
