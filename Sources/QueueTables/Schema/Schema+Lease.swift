/// What an engine with several nodes keeps beside the tables: who leads them, and what they are.
extension Schema {
    /// Every commit moves the beat, and every takeover the epoch.
    package static let lease = """
        ALTER TABLE clock ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0;
        ALTER TABLE clock ADD COLUMN beat BIGINT NOT NULL DEFAULT 0;
        ALTER TABLE clock ADD COLUMN holder TEXT NOT NULL DEFAULT '';
        ALTER TABLE clock ADD COLUMN advertise TEXT NOT NULL DEFAULT '';

        -- Tells the tables from any other program's.
        CREATE TABLE fanoutd_store (version BIGINT NOT NULL);
        INSERT INTO fanoutd_store VALUES (\(version));
        """

    /// The first version that PostgreSQL has.
    package static let firstVersionWithLease = 11
}
