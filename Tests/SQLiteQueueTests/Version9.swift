/// The tables as version 9 made them, and rows that it left in them.
enum Version9 {
    /// Version 8 and what came with the ninth.
    static let schema =
        Version8.schema + """

            CREATE TABLE minute (
                at_ms INTEGER PRIMARY KEY,
                quota INTEGER NOT NULL,
                addressed INTEGER NOT NULL CHECK (addressed >= 0),
                sent INTEGER NOT NULL CHECK (sent >= 0),
                failed INTEGER NOT NULL CHECK (failed >= 0),
                retrying INTEGER NOT NULL CHECK (retrying >= 0),
                unknown INTEGER NOT NULL CHECK (unknown >= 0)
            ) STRICT;
            PRAGMA user_version = 9;
            """

    static let recipients = """
        INSERT INTO recipient (campaign, account) VALUES (1, 'user-00000'), (1, 'user-00001'),
            (1, 'user-00002'), (1, 'user-00003'), (1, 'user-00004'), (1, 'user-00005'),
            (1, 'user-00006'), (1, 'user-00007');
        """

    /// A running campaign of eight: of those who were called one was sent, one failed, one waits for
    /// a retry, one is unknown, one is in a call that is held, and one waits for a look-up; two
    /// weren't called.
    static let rows = """
        INSERT INTO campaign (id, uuid, name, state, priority, on_unknown, packet_overhead,
            created_at_ms, started_at_ms, cursor, fresh, waiting, queued, retrying, sent, failed,
            unknown, touched_at_ms, verifying)
        VALUES (1, x'00000000000170008000000000000000', 'old', 'running', 'normal', 'verify', 100,
            1700000000000, 1700000000000, 'user-00005', 2, 1, 3, 2, 1, 1, 1, 1700000000000, 1);
        INSERT INTO message (campaign, json) VALUES (1, '{"a":1}');
        INSERT INTO batch (id, campaign, pass, state, first_account, last_account, accounts, count,
            attempts, maybe_accepted, is_half, message_sequence, message_random, due_at_ms,
            message_key, code, changed_at_ms, ledger, sender, calls)
        VALUES (1, 1, 0, 'closed', 'user-00000', 'user-00005', NULL, 6, 1, 0, 0, 1, 7, NULL, 'key',
                0, 1700000001000, 7, 'admin', NULL),
            (2, 1, 0, 'held', NULL, NULL, x'0A757365722D3030303034', 1, 0, 0, 0, 2, 7,
                1700000002000, NULL, NULL, 1700000002000, 8, 'admin', NULL);
        INSERT INTO failure (campaign, code, count) VALUES (1, 70107, 1);
        INSERT INTO exception (campaign, account, state, batch, pass, attempts, code, info,
            due_at_ms, updated_at_ms, doubted, calls, look_up_at_ms, look_ups)
        VALUES (1, 'user-00001', 'failed', NULL, 0, 1, 70107, NULL, NULL, 1700000001000, 0, NULL,
                NULL, 0),
            (1, 'user-00002', 'retrying', NULL, 0, 1, 91000, NULL, 1700000003000, 1700000001000, 0,
                NULL, NULL, 0),
            (1, 'user-00003', 'unknown', NULL, 0, 1, NULL, 'timeout', NULL, 1700000001000, 1, '1',
                NULL, 0),
            (1, 'user-00004', 'member', 2, 0, 1, 91000, NULL, NULL, 1700000001000, 0, NULL, NULL,
                0),
            (1, 'user-00005', 'verifying', NULL, 0, 1, NULL, 'timeout', NULL, 1700000001000, 1, '1',
                1700000030000, 0);
        INSERT INTO unknown_call (campaign, batch, sender, message_sequence, message_random,
            sent_at_ms, ended_at_ms)
        VALUES (1, 1, 'admin', 1, 7, 1700000000000, 1700000001000);
        INSERT INTO minute (at_ms, quota, addressed, sent, failed, retrying, unknown)
        VALUES (1699999980000, 600, 7, 1, 1, 2, 1);
        """
}
