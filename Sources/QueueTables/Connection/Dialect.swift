/// The spellings that differ between the engines; all other SQL is one text for both.
package enum Dialect: Sendable {
    case sqlite
    case postgres

    /// The elements of a parameter that is a JSON array, one row each.
    func elements(of list: String) -> String {
        switch self {
        case .sqlite: "json_each(\(list))"
        case .postgres: "json_array_elements(\(list)::JSON) AS list (value)"
        }
    }

    /// Such an element, or, if it is an array itself, its element at a place.
    func element(_ kind: Element, at place: Int? = nil) -> String {
        let text = place.map { "(value ->> \($0))" } ?? "(value #>> '{}')"
        return switch (self, kind) {
        case (.sqlite, _): place.map { "json_extract(value, '$[\($0)]')" } ?? "value"
        case (.postgres, .number): "\(text)::BIGINT"
        case (.postgres, .text): text
        case (.postgres, .raw): "convert_to(\(text), 'UTF8')"
        }
    }

    enum Element {
        case number
        case text
        /// Text from outside, stored as `schema` says.
        case raw
    }

    /// Whether a column's value is one of a list's.
    func contains(_ column: String, _ kind: Element, in list: String) -> String {
        "\(column) IN (SELECT \(element(kind)) FROM \(elements(of: list)))"
    }

    /// Rows of a value that all share, the first parameter, and an account each: so many parameters,
    /// or one array.
    func rows(_ count: Int) -> String {
        switch self {
        case .sqlite:
            "VALUES " + Array(repeating: "(?1, ?)", count: count).joined(separator: ", ")
        case .postgres:
            "SELECT ?1::BIGINT, account FROM unnest(?2::BYTEA[]) AS list (account)"
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
    /// SQLite's indexes end with the key of their table by themselves.
    func schema(_ text: String) -> String {
        switch self {
        case .sqlite:
            text.replacing("RAW", with: "TEXT").replacing(", KEY)", with: ")")
        case .postgres:
            text.replacing(#/\b(RAW|BLOB)\b/#, with: "BYTEA")
                .replacing(#/\bINTEGER\b/#, with: "BIGINT").replacing(", KEY)", with: ", account)")
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
