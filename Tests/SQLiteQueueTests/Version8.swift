/// The tables as version 8 made them, and rows that it left in them.
enum Version8 {
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
            on_unknown TEXT NOT NULL CHECK (on_unknown IN ('resend', 'leave', 'verify')),
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
            touched_at_ms INTEGER NOT NULL DEFAULT 0,
            verifying INTEGER NOT NULL DEFAULT 0 CHECK (verifying >= 0),
            absent INTEGER NOT NULL DEFAULT 0 CHECK (absent >= 0)
        ) STRICT;
        CREATE INDEX campaign_verifying ON campaign (id) WHERE verifying > 0;
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
            sender TEXT,
            calls TEXT,
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
                CHECK (state IN ('queued', 'retrying', 'verifying', 'member', 'failed', 'unknown')),
            batch INTEGER CHECK ((batch IS NOT NULL) = (state = 'member')),
            pass INTEGER NOT NULL,
            attempts INTEGER NOT NULL,
            code INTEGER,
            info TEXT,
            due_at_ms INTEGER CHECK ((due_at_ms IS NOT NULL) = (state IN ('queued', 'retrying'))),
            updated_at_ms INTEGER NOT NULL,
            doubted INTEGER NOT NULL DEFAULT 0,
            calls TEXT,
            look_up_at_ms INTEGER,
            look_ups INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (campaign, account),
            CHECK (state = 'unknown' OR (look_up_at_ms IS NOT NULL) = (state = 'verifying'))
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX exception_look_up ON exception (campaign, state, look_up_at_ms)
            WHERE look_up_at_ms IS NOT NULL;
        CREATE INDEX exception_doubted ON exception (campaign, account)
            WHERE state = 'unknown' AND doubted = 1;
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
            message_sequence INTEGER NOT NULL,
            last_call INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        INSERT INTO clock VALUES (1, '', 0, 0, 9);
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
        CREATE TABLE unknown_call (
            campaign INTEGER NOT NULL,
            batch INTEGER NOT NULL,
            sender TEXT NOT NULL,
            message_sequence INTEGER NOT NULL,
            message_random INTEGER NOT NULL,
            sent_at_ms INTEGER NOT NULL,
            ended_at_ms INTEGER NOT NULL,
            PRIMARY KEY (campaign, batch, sender)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE job (
            campaign INTEGER NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('check', 'verify', 'recall')),
            state TEXT NOT NULL CHECK (state IN ('running', 'completed', 'stopped', 'halted')),
            reason_code INTEGER,
            reason_text TEXT CHECK ((reason_text IS NOT NULL) = (state = 'halted')),
            total INTEGER NOT NULL CHECK (total >= 0),
            first_result INTEGER NOT NULL CHECK (first_result >= 0),
            second_result INTEGER NOT NULL CHECK (second_result >= 0),
            third_result INTEGER NOT NULL CHECK (third_result >= 0),
            cursor TEXT NOT NULL,
            goal INTEGER NOT NULL,
            settled INTEGER NOT NULL,
            walk_end INTEGER NOT NULL,
            settled_end INTEGER NOT NULL,
            kept_end INTEGER NOT NULL,
            kept_cursor TEXT NOT NULL,
            calls_per_second INTEGER CHECK (calls_per_second > 0),
            started_at_ms INTEGER NOT NULL,
            finished_at_ms INTEGER CHECK ((finished_at_ms IS NULL) = (state = 'running')),
            PRIMARY KEY (campaign, kind)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX job_running ON job (campaign) WHERE state = 'running';
        CREATE TABLE recall (
            campaign INTEGER NOT NULL,
            account TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('queued', 'recalled', 'missing', 'failed')),
            code INTEGER,
            due_at_ms INTEGER CHECK ((due_at_ms IS NOT NULL) = (state = 'queued')),
            failures INTEGER NOT NULL,
            PRIMARY KEY (campaign, account)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX recall_due ON recall (campaign, due_at_ms) WHERE due_at_ms IS NOT NULL;
        PRAGMA application_id = 1717661295;
        PRAGMA user_version = 8;
        """

    /// A running campaign of six: two of them are in a call that is out, one was sent, one waits for
    /// a look-up, and nobody addressed the others.
    static let rows = """
        INSERT INTO campaign (id, uuid, name, state, priority, on_unknown, packet_overhead,
            created_at_ms, started_at_ms, cursor, fresh, queued, sending, retrying, sent,
            touched_at_ms, verifying)
        VALUES (1, x'00000000000170008000000000000000', 'old', 'running', 'normal', 'verify', 100,
            1700000000000, 1700000000000, 'user-00003', 2, 2, 2, 1, 1, 1700000000000, 1);
        INSERT INTO message (campaign, json) VALUES (1, '{"a":1}');
        INSERT INTO recipient (campaign, account) VALUES (1, 'user-00000'), (1, 'user-00001'),
            (1, 'user-00002'), (1, 'user-00003'), (1, 'user-00004'), (1, 'user-00005');
        INSERT INTO batch (id, campaign, pass, state, first_account, last_account, count, attempts,
            maybe_accepted, is_half, message_sequence, message_random, message_key, code, info,
            changed_at_ms, ledger, sender, calls)
        VALUES (1, 1, 0, 'closed', 'user-00000', 'user-00000', 1, 1, 0, 0, 1, 7, 'key', 0, NULL,
                1700000001000, 7, 'admin', NULL),
            (2, 1, 0, 'closed', 'user-00001', 'user-00001', 1, 1, 0, 0, 2, 7, NULL, NULL,
                'timeout', 1700000002000, 8, 'admin', '2'),
            (3, 1, 0, 'in_flight', 'user-00002', 'user-00003', 2, 0, 0, 0, 3, 7, NULL, NULL, NULL,
                1700000003000, 9, 'admin', NULL);
        INSERT INTO exception (campaign, account, state, batch, pass, attempts, code, info,
            due_at_ms, updated_at_ms, doubted, calls, look_up_at_ms, look_ups)
        VALUES (1, 'user-00001', 'verifying', NULL, 0, 1, NULL, 'timeout', NULL, 1700000002000, 1,
            '2', 1700000030000, 0);
        INSERT INTO unknown_call (campaign, batch, sender, message_sequence, message_random,
            sent_at_ms, ended_at_ms)
        VALUES (1, 2, 'admin', 2, 7, 1700000001000, 1700000002000);
        INSERT INTO ledger (id, uuid, count, timeout_ms, release_ns)
        VALUES (9, x'00000000000170008000000000000000', 2, 10000, NULL);
        """
}
