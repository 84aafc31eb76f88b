import CSQLite
import QueueTables

/// A prepared statement of SQLite's, which is its current row too: running one allocates nothing.
@safe final class SQLiteStatement: PreparedStatement {
    private let handle: OpaquePointer

    /// Prepares a text for being run many times.
    init(_ text: String, on connection: OpaquePointer) throws {
        var made: OpaquePointer?
        let flags = UInt32(SQLITE_PREPARE_PERSISTENT)
        let code = unsafe sqlite3_prepare_v3(connection, text, -1, flags, &made, nil)
        guard code == SQLITE_OK else { throw unsafe SQLiteError(code, on: connection) }
        guard let made = unsafe made else { throw SQLiteError(SQLITE_ERROR, "no statement") }
        unsafe handle = made
    }

    deinit {
        unsafe sqlite3_finalize(handle)
    }

    func bind(_ value: Value, at index: Int) throws {
        let position = CInt(index)
        let code =
            switch value {
            case .null: unsafe sqlite3_bind_null(handle, position)
            case .int(let value): unsafe sqlite3_bind_int64(handle, position, value)
            case .text(let bytes) where bytes.isEmpty:
                unsafe sqlite3_bind_text(handle, position, "", 0, Self.transient)
            case .text(let bytes):
                unsafe bytes.withUnsafeBytes { buffer in
                    let text = unsafe buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
                    let count = CInt(buffer.count)
                    return unsafe sqlite3_bind_text(handle, position, text, count, Self.transient)
                }
            case .blob(let bytes):
                unsafe bytes.withUnsafeBytes { buffer in
                    let (start, count) = (buffer.baseAddress, CInt(buffer.count))
                    return unsafe sqlite3_bind_blob(handle, position, start, count, Self.transient)
                }
            }
        guard code == SQLITE_OK else { throw failure(code) }
    }

    func bind(borrowed texts: [UnsafeRawBufferPointer], from index: Int) throws {
        for offset in unsafe texts.indices {
            let text = unsafe texts[offset]
            let start = unsafe text.baseAddress?.assumingMemoryBound(to: CChar.self)
            let position = CInt(index + offset)
            let code = unsafe sqlite3_bind_text(handle, position, start, CInt(text.count), nil)
            guard code == SQLITE_OK else { throw failure(code) }
        }
    }

    func step() throws -> Bool {
        switch unsafe sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code:
            let error = failure(code)
            reset()
            throw error
        }
    }

    /// Makes the statement one that wasn't stepped yet; its values stay.
    func reset() {
        unsafe sqlite3_reset(handle)
    }

    func clear() {
        reset()
        unsafe sqlite3_clear_bindings(handle)
    }

    func isNull(_ column: Int) -> Bool {
        unsafe sqlite3_column_type(handle, CInt(column)) == SQLITE_NULL
    }

    func int64(_ column: Int) -> Int64 { unsafe sqlite3_column_int64(handle, CInt(column)) }

    func bytes(_ column: Int) -> [UInt8] {
        let start = unsafe sqlite3_column_blob(handle, CInt(column))
        let count = unsafe sqlite3_column_bytes(handle, CInt(column))
        return unsafe Array(UnsafeRawBufferPointer(start: start, count: Int(count)))
    }

    private func failure(_ code: CInt) -> SQLiteError {
        unsafe SQLiteError(code, on: sqlite3_db_handle(handle))
    }

    /// Tells SQLite to copy a bound value before the call returns.
    private static var transient: sqlite3_destructor_type? {
        unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    }
}
