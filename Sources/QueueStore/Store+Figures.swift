package import DeliveryCore
package import DeliveryEngine
import GRDB

extension Store: QueueFigures {
    private static let tally = "SELECT state, count FROM campaign_tally WHERE count > 0"

    /// Only those that may have work are looked at, which are as many as the dispatcher knows.
    private static let live = """
        SELECT sum(queued + sending + retrying),
            min(CASE WHEN state = 'running' AND queued + sending + retrying > 0
                THEN max(started_at_ms, touched_at_ms) END)
        FROM campaign INDEXED BY campaign_live
        WHERE state IN ('scheduled', 'running', 'paused', 'halted')
        """

    package func standing() async throws(QueueError) -> QueueStanding {
        try await read { connection in
            var standing = QueueStanding()
            try connection.each(Self.tally) { row in
                standing.campaigns[try decoded(row.text(0))] = row.int(1)
            }
            try connection.each(Self.live) { row in
                standing.recipients = row.optionalInt(0) ?? 0
                standing.waitingSince = row.timestamp(1)
            }
            return standing
        }
    }

    package var ended: Counts { endedCounts }

    package var logSize: Int? {
        writer is DatabasePool ? FileSize.of(path + "-wal") ?? 0 : nil
    }
}

extension Schema {
    /// How many campaigns are in each state: thousands of calls a day through the gateway make a
    /// million campaigns in a month, too many to count whenever somebody asks.
    static let tally = """
        CREATE TABLE campaign_tally (
            state TEXT PRIMARY KEY,
            count INTEGER NOT NULL CHECK (count >= 0)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO campaign_tally VALUES ('draft', 0), ('scheduled', 0), ('running', 0),
            ('paused', 0), ('halted', 0), ('completed', 0), ('canceled', 0), ('expired', 0);
        UPDATE campaign_tally
        SET count = (SELECT count(*) FROM campaign WHERE state = campaign_tally.state);
        CREATE TRIGGER campaign_made AFTER INSERT ON campaign BEGIN
            UPDATE campaign_tally SET count = count + 1 WHERE state = NEW.state;
        END;
        CREATE TRIGGER campaign_moved AFTER UPDATE OF state ON campaign
            WHEN OLD.state <> NEW.state
        BEGIN
            UPDATE campaign_tally SET count = count - 1 WHERE state = OLD.state;
            UPDATE campaign_tally SET count = count + 1 WHERE state = NEW.state;
        END;
        CREATE TRIGGER campaign_gone AFTER DELETE ON campaign BEGIN
            UPDATE campaign_tally SET count = count - 1 WHERE state = OLD.state;
        END;
        """
}
