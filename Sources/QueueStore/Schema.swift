import GRDB

/// The tables, and the steps from each version of them to the next.
///
/// The layout's idea is that an ordinary recipient is written once, when it is taken in, and never
/// again. What became of it follows from where it stands: beyond the campaign's cursor nobody was
/// addressed; up to the cursor every account lies in exactly one range batch, and shares what
/// became of that; only those whose story is another one have a row in `exception`.
enum Schema {
    /// Marks a file as ours, `fano` in ASCII.
    static let applicationID: Int64 = 0x6661_6E6F

    /// Each step's statements; the version of a store is how many it has behind it.
    static let steps = [first, keyedRequests, mark, removal, listing, tally, closing]

    static var version: Int { steps.count }

    /// Brings a store to the present version, in one transaction.
    static func migrate(_ database: Database) throws {
        let connection = Connection(database: database)
        let version = try connection.first("PRAGMA user_version") { $0.int(0) } ?? 0
        guard version < steps.count else { return }
        try database.inTransaction(.immediate) {
            for step in steps[version...] { try database.execute(sql: step) }
            try database.execute(sql: "PRAGMA application_id = \(applicationID)")
            try database.execute(sql: "PRAGMA user_version = \(steps.count)")
            return .commit
        }
    }

    /// A mark that the lock file bears too; they differ when another file was put in the store's
    /// place.
    private static let mark = """
        ALTER TABLE service ADD COLUMN mark TEXT NOT NULL DEFAULT '';
        """

    /// For lists of campaigns in some states, newest first.
    private static let listing = """
        CREATE INDEX campaign_state ON campaign (state, uuid);
        """

    private static let first = """
        CREATE TABLE campaign (
            id INTEGER PRIMARY KEY,
            uuid BLOB NOT NULL UNIQUE CHECK (length(uuid) = 16),
            name TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('draft', 'scheduled', 'running', 'paused',
                'halted', 'completed', 'canceled', 'expired')),
            reason_code INTEGER,
            reason_text TEXT CHECK ((reason_text IS NOT NULL) = (state = 'halted')),
            priority TEXT NOT NULL CHECK (priority IN ('high', 'normal', 'low')),
            messages_per_minute INTEGER CHECK (messages_per_minute > 0),
            start_at_ms INTEGER,
            expires_at_ms INTEGER,
            on_unknown TEXT NOT NULL CHECK (on_unknown IN ('resend', 'leave')),
            packet_overhead INTEGER NOT NULL,
            created_at_ms INTEGER NOT NULL,
            started_at_ms INTEGER,
            finished_at_ms INTEGER,
            cursor TEXT NOT NULL DEFAULT '', -- the last account claimed
            pass INTEGER NOT NULL DEFAULT 0, -- how often it was canceled or expired
            account_limit INTEGER,
            fresh INTEGER NOT NULL DEFAULT 0 CHECK (fresh >= 0), -- beyond the cursor, not cut
            waiting INTEGER NOT NULL DEFAULT 0 CHECK (waiting >= 0), -- for a retry of their own
            queued INTEGER NOT NULL DEFAULT 0 CHECK (queued >= 0),
            sending INTEGER NOT NULL DEFAULT 0 CHECK (sending >= 0),
            retrying INTEGER NOT NULL DEFAULT 0 CHECK (retrying >= 0),
            sent INTEGER NOT NULL DEFAULT 0 CHECK (sent >= 0),
            failed INTEGER NOT NULL DEFAULT 0 CHECK (failed >= 0),
            unknown INTEGER NOT NULL DEFAULT 0 CHECK (unknown >= 0),
            canceled INTEGER NOT NULL DEFAULT 0 CHECK (canceled >= 0),
            expired INTEGER NOT NULL DEFAULT 0 CHECK (expired >= 0),
            resent INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        CREATE INDEX campaign_live ON campaign (id)
            WHERE state IN ('scheduled', 'running', 'paused', 'halted');

        -- Apart from its campaign, whose row changes with every call.
        CREATE TABLE message (
            campaign INTEGER PRIMARY KEY,
            json TEXT NOT NULL
        ) STRICT;

        CREATE TABLE recipient (
            campaign INTEGER NOT NULL,
            account TEXT NOT NULL,
            PRIMARY KEY (campaign, account)
        ) STRICT, WITHOUT ROWID;

        -- What was not yet addressed or waited when a campaign was canceled or expired ends so.
        CREATE TABLE cut (
            campaign INTEGER NOT NULL,
            pass INTEGER NOT NULL,
            status TEXT NOT NULL CHECK (status IN ('canceled', 'expired')),
            at_ms INTEGER NOT NULL,
            PRIMARY KEY (campaign, pass)
        ) STRICT, WITHOUT ROWID;

        -- A batch is a range of the key (first and last account) or a list.
        CREATE TABLE batch (
            id INTEGER PRIMARY KEY,
            campaign INTEGER NOT NULL,
            pass INTEGER NOT NULL,
            state TEXT NOT NULL
                CHECK (state IN ('in_flight', 'held', 'repeat', 'closed', 'cut')),
            first_account TEXT,
            last_account TEXT CHECK ((last_account IS NULL) = (first_account IS NULL)),
            accounts BLOB, -- of an open list: each account's length and its bytes
            count INTEGER NOT NULL CHECK (count > 0),
            attempts INTEGER NOT NULL,
            maybe_accepted INTEGER NOT NULL,
            is_half INTEGER NOT NULL,
            message_sequence INTEGER NOT NULL,
            message_random INTEGER NOT NULL,
            due_at_ms INTEGER CHECK ((due_at_ms IS NOT NULL) = (state IN ('held', 'repeat'))),
            message_key TEXT,
            code INTEGER,
            info TEXT,
            changed_at_ms INTEGER NOT NULL,
            ledger INTEGER,
            CHECK (state NOT IN ('in_flight', 'held', 'repeat')
                OR (accounts IS NULL) = (first_account IS NOT NULL))
        ) STRICT;
        CREATE UNIQUE INDEX batch_range ON batch (campaign, first_account)
            WHERE first_account IS NOT NULL;
        CREATE INDEX batch_open ON batch (state, campaign) WHERE state <> 'closed';

        -- Everybody whose story isn't 'accepted at the first call'. A member shares what became of
        -- its list batch; those that wait and are of an earlier pass were cut with it.
        CREATE TABLE exception (
            campaign INTEGER NOT NULL,
            account TEXT NOT NULL,
            state TEXT NOT NULL
                CHECK (state IN ('queued', 'retrying', 'member', 'failed', 'unknown')),
            batch INTEGER CHECK ((batch IS NOT NULL) = (state = 'member')),
            pass INTEGER NOT NULL,
            attempts INTEGER NOT NULL,
            code INTEGER,
            info TEXT,
            due_at_ms INTEGER CHECK ((due_at_ms IS NOT NULL) = (state IN ('queued', 'retrying'))),
            updated_at_ms INTEGER NOT NULL,
            doubted INTEGER NOT NULL DEFAULT 0, -- an earlier call may have been accepted
            PRIMARY KEY (campaign, account)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX exception_doubted ON exception (campaign, pass)
            WHERE doubted = 1 AND due_at_ms IS NOT NULL;
        CREATE INDEX exception_due ON exception (campaign, pass, due_at_ms)
            WHERE due_at_ms IS NOT NULL;

        CREATE TABLE failure (
            campaign INTEGER NOT NULL,
            code INTEGER NOT NULL,
            count INTEGER NOT NULL CHECK (count >= 0),
            PRIMARY KEY (campaign, code)
        ) STRICT, WITHOUT ROWID;

        -- What counts against the quota. It outlives the campaign, so it names it by its uuid.
        CREATE TABLE ledger (
            id INTEGER PRIMARY KEY,
            uuid BLOB NOT NULL,
            count INTEGER NOT NULL,
            timeout_ms INTEGER NOT NULL,
            release_ns INTEGER -- on the clock of the boot in `clock`; NULL while its call is out
        ) STRICT;
        CREATE INDEX ledger_release ON ledger (release_ns) WHERE release_ns IS NOT NULL;

        CREATE TABLE clock (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            boot TEXT NOT NULL,
            last_instant_ns INTEGER NOT NULL,
            message_sequence INTEGER NOT NULL
        ) STRICT;
        INSERT INTO clock VALUES (1, '', 0, 0);

        CREATE TABLE service (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            is_paused INTEGER NOT NULL,
            halt_code INTEGER,
            halt_text TEXT,
            halt_fingerprint TEXT CHECK ((halt_fingerprint IS NULL) = (halt_text IS NULL)),
            salt TEXT NOT NULL -- of the fingerprint
        ) STRICT;
        INSERT INTO service VALUES (1, 0, NULL, NULL, NULL, lower(hex(randomblob(16))));
        """
}
