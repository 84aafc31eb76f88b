import CSQLite
import QueueTables

/// An error of SQLite's.
package struct SQLiteError: EngineError, Hashable {
    /// The code with its details, such as which call of the system's failed.
    package let extendedCode: Int32
    /// SQLite's own text.
    package let message: String

    package init(_ extendedCode: Int32, _ message: String) {
        self.extendedCode = extendedCode
        self.message = message
    }

    /// An error with the text that SQLite has for its code.
    init(_ extendedCode: Int32) {
        self.init(extendedCode, unsafe String(cString: sqlite3_errstr(extendedCode)))
    }

    /// The error that a connection has just met; one that is closed has no text of its own.
    init(_ extendedCode: Int32, on connection: OpaquePointer?) {
        if let connection = unsafe connection {
            self.init(extendedCode, unsafe String(cString: sqlite3_errmsg(connection)))
        } else {
            self.init(extendedCode)
        }
    }

    /// The code without its details.
    package var code: Int32 { extendedCode & 0xFF }

    package var isOfOneWrite: Bool {
        switch code {
        case SQLITE_FULL, SQLITE_IOERR, SQLITE_READONLY, SQLITE_CANTOPEN, SQLITE_NOTADB,
            SQLITE_CORRUPT, SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL, SQLITE_PERM,
            SQLITE_AUTH, SQLITE_NOLFS, SQLITE_NOMEM, SQLITE_INTERRUPT, SQLITE_ABORT,
            SQLITE_MISUSE, SQLITE_INTERNAL, SQLITE_SCHEMA:
            false
        default:
            // A constraint, a value of another type or size, a table that isn't there.
            true
        }
    }

    package var detail: String { message }
}

extension SQLiteError: CustomStringConvertible {
    package var description: String { "SQLite error \(code): \(message)" }
}
