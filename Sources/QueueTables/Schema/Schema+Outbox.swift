/// Tables of events that hooks are still to be told.
extension Schema {
    static let outbox = """
        CREATE TABLE hook (
            id INTEGER PRIMARY KEY,
            digest TEXT NOT NULL UNIQUE, -- of its URL, which may hold a secret
            backlog INTEGER NOT NULL CHECK (backlog >= 0)
        ) STRICT;

        -- Goes with the last backlog that it is in.
        CREATE TABLE hook_event (
            id INTEGER PRIMARY KEY, -- in the order in which they happened
            uuid TEXT NOT NULL,
            kind TEXT NOT NULL,
            lane BLOB NOT NULL, -- the campaign's uuid; empty for all sending
            at_ms INTEGER NOT NULL,
            body RAW NOT NULL
        ) STRICT;

        -- Of each lane of a hook the first event is due, and no other.
        CREATE TABLE hook_backlog (
            hook INTEGER NOT NULL,
            event INTEGER NOT NULL,
            lane BLOB NOT NULL,
            at_ms INTEGER NOT NULL,
            attempts INTEGER NOT NULL DEFAULT 0,
            failing_since_ms INTEGER CHECK ((failing_since_ms IS NULL) = (attempts = 0)),
            due_at_ms INTEGER,
            PRIMARY KEY (hook, event)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX hook_backlog_lane ON hook_backlog (hook, lane, event);
        CREATE INDEX hook_backlog_due ON hook_backlog (hook, due_at_ms, event)
            WHERE due_at_ms IS NOT NULL;
        CREATE INDEX hook_backlog_event ON hook_backlog (event);
        """
}
