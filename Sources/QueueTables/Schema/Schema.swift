/// The tables of the present version, for every engine.
///
/// An ordinary recipient is written once, when it is taken in, and never again. Its status is
/// derived: beyond the campaign's cursor no recipient was addressed; up to the cursor every account
/// lies in exactly one range batch and shares its status; only a recipient with a state of its own
/// has a row in `exception`.
///
/// Types are SQLite's, and `RAW`, for bytes from outside; `KEY` at the end of an index is the account.
/// `Dialect` translates them. Some tables came later than the first version: an engine that has older
/// stores adds them one by one.
package enum Schema {
    package static let version = 12

    /// The statements that make a new store.
    package static func creation(_ dialect: Dialect) -> String {
        let texts = [
            campaign, campaignIndexes, recipientBlock, tables, exception, exceptionIndexes,
            service(dialect),
            keyedRequests, removed, removalIndexes, listing, tally, dialect.tallyTriggers, closing,
            unknownCall, job, recall, minute, suppression, outbox,
        ]
        let lease = dialect == .postgres ? [lease] : []
        return (texts.map(dialect.schema) + lease).joined(separator: "\n")
    }

    static let campaign = campaign(with: addedForRules)

    /// Columns that came with the tenth version.
    static let addedForRules = [
        "suppressed INTEGER NOT NULL DEFAULT 0 CHECK (suppressed >= 0)",
        // From, to, days and time zone.
        "send_between RAW",
    ]

    /// The campaigns' table with columns that came later than its text.
    static func campaign(with added: [String]) -> String {
        """
        -- Touched at creation, at the last intake, and when a retry reopened it.
        CREATE TABLE campaign (
            id INTEGER PRIMARY KEY,
            uuid BLOB NOT NULL UNIQUE CHECK (length(uuid) = 16),
            name RAW NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('draft', 'scheduled', 'running', 'paused',
                'halted', 'completed', 'canceled', 'expired')),
            reason_code INTEGER,
            reason_text RAW CHECK ((reason_text IS NOT NULL) = (state = 'halted')),
            priority TEXT NOT NULL CHECK (priority IN ('high', 'normal', 'low')),
            messages_per_minute INTEGER CHECK (messages_per_minute > 0),
            start_at_ms INTEGER,
            expires_at_ms INTEGER,
            on_unknown TEXT NOT NULL CHECK (on_unknown IN ('resend', 'leave', 'verify')),
            packet_overhead INTEGER NOT NULL,
            created_at_ms INTEGER NOT NULL,
            started_at_ms INTEGER,
            finished_at_ms INTEGER,
            cursor RAW NOT NULL DEFAULT '', -- the last account claimed
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
            resent INTEGER NOT NULL DEFAULT 0,
            touched_at_ms INTEGER NOT NULL DEFAULT 0,
            -- Wait for a look-up in the provider's history.
            verifying INTEGER NOT NULL DEFAULT 0 CHECK (verifying >= 0),
            -- Have states of their own, though no call of the pass that the cursor makes addressed
            -- them: a check has failed them, or they were suppressed.
            absent INTEGER NOT NULL DEFAULT 0 CHECK (absent >= 0)\(added.map { ",\n    " + $0 }.joined())
        ) STRICT;
        """
    }
    static let campaignIndexes = """
        CREATE INDEX campaign_live ON campaign (id)
            WHERE state IN ('scheduled', 'running', 'paused', 'halted');
        CREATE INDEX campaign_verifying ON campaign (id) WHERE verifying > 0;
        """

    /// A table whose rows lie one behind the other, and an index on their keys: the rows are too long
    /// for the nodes of a tree.
    static let recipientBlock = """
        -- Neighbouring recipients; all that lie between the last ones of two blocks are in the second.
        CREATE TABLE recipient_block (
            campaign INTEGER NOT NULL,
            last_account RAW NOT NULL,
            accounts BLOB NOT NULL, -- in order, of each its length in a byte, and its bytes
            PRIMARY KEY (campaign, last_account)
        ) STRICT;
        """

    private static let tables = """
        -- Apart from its campaign, whose row changes with every call.
        CREATE TABLE message (
            campaign INTEGER PRIMARY KEY,
            json RAW NOT NULL
        ) STRICT;

        -- Terminations: recipients that still waited in a generation take its status.
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
            first_account RAW,
            last_account RAW CHECK ((last_account IS NULL) = (first_account IS NULL)),
            accounts BLOB, -- of an open list: each account's length and its bytes
            count INTEGER NOT NULL CHECK (count > 0),
            attempts INTEGER NOT NULL,
            maybe_accepted INTEGER NOT NULL,
            is_half INTEGER NOT NULL,
            message_sequence INTEGER NOT NULL,
            message_random INTEGER NOT NULL,
            due_at_ms INTEGER CHECK ((due_at_ms IS NOT NULL) = (state IN ('held', 'repeat'))),
            message_key RAW,
            code INTEGER,
            info RAW,
            changed_at_ms INTEGER NOT NULL,
            ledger INTEGER, -- of its last call
            sender RAW, -- in whose name that went out, if the message names nobody
            calls TEXT, -- of unknown outcome that addressed its accounts: keys of their batches
            CHECK (state NOT IN ('in_flight', 'held', 'repeat')
                OR (accounts IS NULL) = (first_account IS NOT NULL))
        ) STRICT;
        CREATE UNIQUE INDEX batch_range ON batch (campaign, first_account)
            WHERE first_account IS NOT NULL;
        CREATE INDEX batch_open ON batch (state, campaign) WHERE state <> 'closed';

        CREATE TABLE failure (
            campaign INTEGER NOT NULL,
            code INTEGER NOT NULL,
            count INTEGER NOT NULL CHECK (count >= 0),
            PRIMARY KEY (campaign, code)
        ) STRICT, WITHOUT ROWID;

        -- Calls that count against the quota. They outlive their campaigns, so they have uuids.
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
            message_sequence INTEGER NOT NULL,
            last_call INTEGER NOT NULL DEFAULT 0 -- the highest key given in `ledger`
        ) STRICT;
        INSERT INTO clock VALUES (1, '', 0, 0, 0);
        """

    static let exception = """
        -- Every recipient that wasn't accepted at its first call. A member shares the status of its
        -- list batch; one that waits and is of an earlier generation was terminated with it.
        CREATE TABLE exception (
            campaign INTEGER NOT NULL,
            account RAW NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('queued', 'retrying', 'verifying', 'member',
                'failed', 'unknown', 'suppressed')),
            batch INTEGER CHECK ((batch IS NOT NULL) = (state = 'member')),
            pass INTEGER NOT NULL,
            attempts INTEGER NOT NULL,
            code INTEGER,
            info RAW,
            due_at_ms INTEGER CHECK ((due_at_ms IS NOT NULL) = (state IN ('queued', 'retrying'))),
            updated_at_ms INTEGER NOT NULL,
            -- 1: an earlier call may have been accepted; 2: so, and the provider's history, looked
            -- at since, shows none of them.
            doubted INTEGER NOT NULL DEFAULT 0,
            calls TEXT, -- of unknown outcome that addressed the recipient, as in `batch`
            look_up_at_ms INTEGER,
            look_ups INTEGER NOT NULL DEFAULT 0, -- that failed so far
            PRIMARY KEY (campaign, account),
            CHECK (state = 'unknown' OR (look_up_at_ms IS NOT NULL) = (state = 'verifying'))
        ) STRICT, WITHOUT ROWID;
        """
    static let exceptionIndexes = """
        CREATE INDEX exception_due ON exception (campaign, pass, due_at_ms, KEY)
            WHERE due_at_ms IS NOT NULL;
        CREATE INDEX exception_look_up ON exception (campaign, state, look_up_at_ms, KEY)
            WHERE look_up_at_ms IS NOT NULL;
        CREATE INDEX exception_doubted ON exception (campaign, account)
            WHERE state = 'unknown' AND doubted = 1;
        """

    private static func service(_ dialect: Dialect) -> String {
        """
        -- The mark is the fencing token, which the lock file has as well.
        CREATE TABLE service (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            is_paused INTEGER NOT NULL,
            halt_code INTEGER,
            halt_text RAW,
            halt_fingerprint TEXT CHECK ((halt_fingerprint IS NULL) = (halt_text IS NULL)),
            salt TEXT NOT NULL, -- of the fingerprint
            mark TEXT NOT NULL DEFAULT ''
        ) STRICT;
        INSERT INTO service (id, is_paused, salt) VALUES (1, 0, \(dialect.randomDigits));
        """
    }

    /// Answers to requests with an `Idempotency-Key`.
    ///
    /// The row holds the answer itself, not the campaign: a repeated request gets the first answer,
    /// even if the campaign has run, or is gone, since.
    static let keyedRequests = """
        CREATE TABLE keyed_request (
            caller RAW NOT NULL,
            key BLOB NOT NULL,
            digest BLOB NOT NULL CHECK (length(digest) = 32),
            uuid BLOB NOT NULL CHECK (length(uuid) = 16),
            answer BLOB NOT NULL,
            created_at_ms INTEGER NOT NULL,
            PRIMARY KEY (caller, key)
        ) STRICT;
        CREATE INDEX keyed_request_age ON keyed_request (created_at_ms);
        """

    /// Campaigns that are deleted and may have rows left.
    static let removed = """
        CREATE TABLE removed (
            campaign INTEGER PRIMARY KEY
        ) STRICT;
        CREATE INDEX batch_list ON batch (campaign) WHERE first_account IS NULL;
        """

    /// For the retention's search by time.
    static let removalIndexes = """
        CREATE INDEX campaign_draft ON campaign (touched_at_ms) WHERE state = 'draft';
        CREATE INDEX campaign_finished ON campaign (finished_at_ms)
            WHERE finished_at_ms IS NOT NULL;
        """

    /// For lists of campaigns in some states, newest first.
    static let listing = """
        CREATE INDEX campaign_state ON campaign (state, uuid);
        """

    /// How many campaigns are in each state: thousands of calls a day through the gateway make a
    /// million campaigns in a month, too many to count for each scrape.
    static let tally = """
        CREATE TABLE campaign_tally (
            state TEXT PRIMARY KEY,
            count INTEGER NOT NULL CHECK (count >= 0)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO campaign_tally VALUES ('draft', 0), ('scheduled', 0), ('running', 0),
            ('paused', 0), ('halted', 0), ('completed', 0), ('canceled', 0), ('expired', 0);
        UPDATE campaign_tally
        SET count = (SELECT count(*) FROM campaign WHERE state = campaign_tally.state);
        """

    /// What was sent in each minute; sums over the campaigns, which may be gone.
    static let minute = """
        CREATE TABLE minute (
            at_ms INTEGER PRIMARY KEY, -- when it began, by the wall clock
            quota INTEGER NOT NULL, -- the largest in force, in recipients a minute
            addressed INTEGER NOT NULL CHECK (addressed >= 0),
            sent INTEGER NOT NULL CHECK (sent >= 0),
            failed INTEGER NOT NULL CHECK (failed >= 0),
            retrying INTEGER NOT NULL CHECK (retrying >= 0),
            unknown INTEGER NOT NULL CHECK (unknown >= 0)
        ) STRICT;
        """

    /// Accounts that must not be addressed, whatever campaign they are in.
    static let suppression = """
        CREATE TABLE suppression (
            account RAW PRIMARY KEY,
            reason RAW,
            created_at_ms INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE suppression_tally (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            count INTEGER NOT NULL CHECK (count >= 0)
        ) STRICT;
        INSERT INTO suppression_tally VALUES (1, 0);
        """

    /// Ended campaigns with more waiting recipients than one transaction should change.
    static let closing = """
        CREATE TABLE closing (
            campaign INTEGER PRIMARY KEY,
            pass INTEGER NOT NULL,
            cursor RAW NOT NULL -- the last account that was looked at
        ) STRICT;
        """
}
