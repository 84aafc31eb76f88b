/// What the engines spell differently; everything else is one text for both.
package enum Dialect: Sendable {
    case sqlite
    case postgres

    /// Whether a column's number is in a list, which is one parameter, a JSON array.
    ///
    /// The text is the same however long the list is: a statement that was prepared is kept.
    func contains(_ column: String, in list: String) -> String {
        switch self {
        case .sqlite:
            "\(column) IN (SELECT value FROM json_each(\(list)))"
        case .postgres:
            """
            \(column) IN
                (SELECT value::BIGINT FROM json_array_elements_text(\(list)::JSON) AS list (value))
            """
        }
    }

    /// 32 hexadecimal digits that can't be guessed.
    package var randomDigits: String {
        switch self {
        case .sqlite: "lower(hex(randomblob(16)))"
        case .postgres: "replace(gen_random_uuid()::TEXT, '-', '')"
        }
    }

    /// A text of `Schema` with the engine's types and kinds of table.
    ///
    /// `RAW` holds what came from outside: PostgreSQL's TEXT knows no NUL, and orders by language.
    func schema(_ text: String) -> String {
        switch self {
        case .sqlite:
            text.replacing(#/\bRAW\b/#, with: "TEXT")
        case .postgres:
            text.replacing(#/\b(RAW|BLOB)\b/#, with: "BYTEA")
                .replacing(#/\bINTEGER\b/#, with: "BIGINT")
                .replacing(#/\) STRICT(, WITHOUT ROWID)?;/#, with: ");")
        }
    }

    /// Triggers that count the campaigns of each state in `campaign_tally`.
    var tallyTriggers: String {
        switch self {
        case .sqlite:
            """
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
        case .postgres:
            """
            CREATE FUNCTION tally_campaign() RETURNS TRIGGER LANGUAGE plpgsql AS $$
            BEGIN
                IF TG_OP <> 'INSERT' THEN
                    UPDATE campaign_tally SET count = count - 1 WHERE state = OLD.state;
                END IF;
                IF TG_OP <> 'DELETE' THEN
                    UPDATE campaign_tally SET count = count + 1 WHERE state = NEW.state;
                END IF;
                RETURN NULL;
            END $$;
            CREATE TRIGGER campaign_tallied AFTER INSERT OR DELETE OR UPDATE OF state ON campaign
                FOR EACH ROW EXECUTE FUNCTION tally_campaign();
            """
        }
    }
}
