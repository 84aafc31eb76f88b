/// The tables as version 7 made them, and rows that it left in them.
enum Version7 {
    static let schema = """
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
            cursor TEXT NOT NULL DEFAULT '',
            pass INTEGER NOT NULL DEFAULT 0,
            account_limit INTEGER,
            fresh INTEGER NOT NULL DEFAULT 0 CHECK (fresh >= 0),
            waiting INTEGER NOT NULL DEFAULT 0 CHECK (waiting >= 0),
            queued INTEGER NOT NULL DEFAULT 0 CHECK (queued >= 0),
            sending INTEGER NOT NULL DEFAULT 0 CHECK (sending >= 0),
            retrying INTEGER NOT NULL DEFAULT 0 CHECK (retrying >= 0),
            sent INTEGER NOT NULL DEFAULT 0 CHECK (sent >= 0),
            failed INTEGER NOT NULL DEFAULT 0 CHECK (failed >= 0),
            unknown INTEGER NOT NULL DEFAULT 0 CHECK (unknown >= 0),
            canceled INTEGER NOT NULL DEFAULT 0 CHECK (canceled >= 0),
            expired INTEGER NOT NULL DEFAULT 0 CHECK (expired >= 0),
            resent INTEGER NOT NULL DEFAULT 0,
            touched_at_ms INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        CREATE INDEX campaign_live ON campaign (id)
            WHERE state IN ('scheduled', 'running', 'paused', 'halted');
        CREATE TABLE message (
            campaign INTEGER PRIMARY KEY,
            json TEXT NOT NULL
        ) STRICT;
        CREATE TABLE recipient (
            campaign INTEGER NOT NULL,
            account TEXT NOT NULL,
            PRIMARY KEY (campaign, account)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE cut (
            campaign INTEGER NOT NULL,
            pass INTEGER NOT NULL,
            status TEXT NOT NULL CHECK (status IN ('canceled', 'expired')),
            at_ms INTEGER NOT NULL,
            PRIMARY KEY (campaign, pass)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE batch (
            id INTEGER PRIMARY KEY,
            campaign INTEGER NOT NULL,
            pass INTEGER NOT NULL,
            state TEXT NOT NULL
                CHECK (state IN ('in_flight', 'held', 'repeat', 'closed', 'cut')),
            first_account TEXT,
            last_account TEXT CHECK ((last_account IS NULL) = (first_account IS NULL)),
            accounts BLOB,
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
            doubted INTEGER NOT NULL DEFAULT 0,
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
        CREATE TABLE ledger (
            id INTEGER PRIMARY KEY,
            uuid BLOB NOT NULL,
            count INTEGER NOT NULL,
            timeout_ms INTEGER NOT NULL,
            release_ns INTEGER
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
            salt TEXT NOT NULL,
            mark TEXT NOT NULL DEFAULT ''
        ) STRICT;
        INSERT INTO service (id, is_paused, salt) VALUES (1, 0, lower(hex(randomblob(16))));
        CREATE TABLE keyed_request (
            caller TEXT NOT NULL,
            key BLOB NOT NULL,
            digest BLOB NOT NULL CHECK (length(digest) = 32),
            uuid BLOB NOT NULL CHECK (length(uuid) = 16),
            answer BLOB NOT NULL,
            created_at_ms INTEGER NOT NULL,
            PRIMARY KEY (caller, key)
        ) STRICT;
        CREATE INDEX keyed_request_age ON keyed_request (created_at_ms);
        CREATE TABLE removed (
            campaign INTEGER PRIMARY KEY
        ) STRICT;
        CREATE INDEX batch_list ON batch (campaign) WHERE first_account IS NULL;
        CREATE INDEX campaign_draft ON campaign (touched_at_ms) WHERE state = 'draft';
        CREATE INDEX campaign_finished ON campaign (finished_at_ms)
            WHERE finished_at_ms IS NOT NULL;
        CREATE INDEX campaign_state ON campaign (state, uuid);
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
        CREATE TABLE closing (
            campaign INTEGER PRIMARY KEY,
            pass INTEGER NOT NULL,
            cursor TEXT NOT NULL
        ) STRICT;
        PRAGMA application_id = 1717661295;
        PRAGMA user_version = 7;
        """

    /// A running campaign of twelve, and a draft.
    ///
    /// The first three were called, of whom one failed and one was
    /// accepted by a call of its own; the next two are `unknown`; two are in a call that is out, and
    /// one waits for a retry; nobody addressed the others.
    static let rows = """
        INSERT INTO campaign (id, uuid, name, state, priority, on_unknown, packet_overhead,
            created_at_ms, started_at_ms, cursor, fresh, waiting, queued, sending, retrying, sent,
            failed, unknown, touched_at_ms)
        VALUES (1, x'00000000000170008000000000000000', 'old', 'running', 'normal', 'resend', 100,
                1700000000000, 1700000000000, 'user-00007', 4, 1, 4, 2, 1, 2, 1, 2, 1700000000000),
            (2, x'00000000000270008000000000000000', 'draft', 'draft', 'low', 'leave', 100,
                1700000000000, NULL, '', 1, 0, 1, 0, 0, 0, 0, 0, 1700000000000);
        INSERT INTO message (campaign, json) VALUES (1, '{"a":1}'), (2, '{"a":2}');
        INSERT INTO recipient (campaign, account) VALUES (1, 'user-00000'), (1, 'user-00001'),
            (1, 'user-00002'), (1, 'user-00003'), (1, 'user-00004'), (1, 'user-00005'),
            (1, 'user-00006'), (1, 'user-00007'), (1, 'user-00008'), (1, 'user-00009'),
            (1, 'user-00010'), (1, 'user-00011'), (2, 'user-00000');
        INSERT INTO batch (id, campaign, pass, state, first_account, last_account, count, attempts,
            maybe_accepted, is_half, message_sequence, message_random, message_key, code, info,
            changed_at_ms, ledger)
        VALUES (1, 1, 0, 'closed', 'user-00000', 'user-00002', 3, 1, 0, 0, 1, 7, 'key', 0, NULL,
                1700000001000, NULL),
            (2, 1, 0, 'closed', NULL, NULL, 1, 1, 0, 0, 2, 7, 'own', 0, NULL, 1700000002000, NULL),
            (3, 1, 0, 'closed', 'user-00003', 'user-00004', 2, 1, 0, 0, 3, 7, NULL, NULL,
                'timeout', 1700000003000, NULL),
            (4, 1, 0, 'in_flight', 'user-00005', 'user-00006', 2, 0, 0, 0, 4, 7, NULL, NULL, NULL,
                1700000004000, 9),
            (5, 1, 0, 'closed', 'user-00007', 'user-00007', 1, 1, 0, 0, 5, 7, NULL, 0, NULL,
                1700000005000, NULL);
        INSERT INTO exception (campaign, account, state, batch, pass, attempts, code, info,
            due_at_ms, updated_at_ms, doubted)
        VALUES (1, 'user-00001', 'failed', NULL, 0, 1, 70107, NULL, NULL, 1700000001000, 0),
            (1, 'user-00002', 'member', 2, 0, 1, NULL, NULL, NULL, 1700000001000, 0),
            (1, 'user-00003', 'unknown', NULL, 0, 1, NULL, 'timeout', NULL, 1700000003000, 1),
            (1, 'user-00004', 'unknown', NULL, 0, 1, NULL, 'timeout', NULL, 1700000003000, 1),
            (1, 'user-00007', 'retrying', NULL, 0, 1, 91000, NULL, 1700000009000, 1700000005000,
                1);
        INSERT INTO failure (campaign, code, count) VALUES (1, 70107, 1);
        INSERT INTO ledger (id, uuid, count, timeout_ms, release_ns)
        VALUES (9, x'00000000000170008000000000000000', 2, 10000, NULL);
        """
}
