/// Tables of look-ups, checks and recalls.
extension Schema {
    /// Calls whose outcome stayed unknown, as the provider's history would show them.
    ///
    /// A batch keeps its numbers when it is sent again, but the sender may be another one by then.
    static let unknownCall = """
        CREATE TABLE unknown_call (
            campaign INTEGER NOT NULL,
            batch INTEGER NOT NULL, -- which may be gone: halves have other keys
            sender RAW NOT NULL, -- in whose name it went out; empty where that isn't known
            message_sequence INTEGER NOT NULL,
            message_random INTEGER NOT NULL,
            sent_at_ms INTEGER NOT NULL, -- the first one with these numbers
            ended_at_ms INTEGER NOT NULL, -- the last one with these numbers
            PRIMARY KEY (campaign, batch, sender)
        ) STRICT, WITHOUT ROWID;
        """

    /// The last job of each kind that was asked for.
    ///
    /// A recall settles whom a call addressed that is up to `settled_end` in the ledger, and up to
    /// `walk_end` whoever the cursor has passed. A walk that was stopped, and isn't taken up since
    /// others were accepted meanwhile, stays in `kept_end` and `kept_cursor`.
    static let job = """
        CREATE TABLE job (
            campaign INTEGER NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('check', 'verify', 'recall')),
            state TEXT NOT NULL CHECK (state IN ('running', 'completed', 'stopped', 'halted')),
            reason_code INTEGER,
            reason_text RAW CHECK ((reason_text IS NOT NULL) = (state = 'halted')),
            total INTEGER NOT NULL CHECK (total >= 0),
            -- By result, in the order of the kind's.
            first_result INTEGER NOT NULL CHECK (first_result >= 0),
            second_result INTEGER NOT NULL CHECK (second_result >= 0),
            third_result INTEGER NOT NULL CHECK (third_result >= 0),
            cursor RAW NOT NULL, -- the last account that the walk has passed
            goal INTEGER NOT NULL, -- recipients there were when the walk began
            settled INTEGER NOT NULL, -- of those, by every run up to now
            walk_end INTEGER NOT NULL,
            settled_end INTEGER NOT NULL,
            kept_end INTEGER NOT NULL,
            kept_cursor RAW NOT NULL,
            calls_per_second INTEGER CHECK (calls_per_second > 0),
            started_at_ms INTEGER NOT NULL,
            finished_at_ms INTEGER CHECK ((finished_at_ms IS NULL) = (state = 'running')),
            PRIMARY KEY (campaign, kind)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX job_running ON job (campaign) WHERE state = 'running';
        """

    /// Recipients whose recall came to anything but the plain code 0, or that wait for another call
    /// of it.
    static let recall = """
        CREATE TABLE recall (
            campaign INTEGER NOT NULL,
            account RAW NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('queued', 'recalled', 'missing', 'failed')),
            code INTEGER,
            due_at_ms INTEGER CHECK ((due_at_ms IS NOT NULL) = (state = 'queued')),
            failures INTEGER NOT NULL,
            PRIMARY KEY (campaign, account)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX recall_due ON recall (campaign, due_at_ms, KEY) WHERE due_at_ms IS NOT NULL;
        """
}
