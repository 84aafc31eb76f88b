import CLibpq

/// A server's answer to one statement: rows of binary values, or how many rows it changed.
@safe final class Answer {
    private let result: OpaquePointer
    let count: Int

    /// Takes a result over.
    init(_ result: OpaquePointer) {
        unsafe self.result = unsafe result
        count = Int(unsafe fanoutd_PQntuples(result))
    }

    deinit { unsafe fanoutd_PQclear(result) }

    /// The error that the server, or libpq, answered with; nil if it carried the statement out.
    var fault: PostgresFault? {
        let status = unsafe fanoutd_PQresultStatus(result)
        if status == FANOUTD_PG_COMMAND_OK || status == FANOUTD_PG_TUPLES_OK { return nil }
        let text = field(FANOUTD_PG_MESSAGE) ?? "the server's answer can't be understood"
        guard let code = field(FANOUTD_PG_SQLSTATE) else {
            return PostgresFault(kind: .protocolBroken, detail: text)
        }
        return PostgresFault(kind: .server(code: code), detail: text)
    }

    private func field(_ part: CInt) -> String? {
        unsafe fanoutd_PQresultErrorField(result, part).map {
            unsafe String(cString: $0)
        }
    }

    /// What the server says that it did, such as `COMMIT`.
    var command: String { unsafe String(cString: fanoutd_PQcmdStatus(result)) }
    var changedRows: Int { Int(unsafe String(cString: fanoutd_PQcmdTuples(result))) ?? 0 }

    // MARK: Values

    func isNull(_ row: Int, _ column: Int) -> Bool {
        unsafe fanoutd_PQgetisnull(result, CInt(row), CInt(column))
    }

    func bytes(_ row: Int, _ column: Int) -> UnsafeRawBufferPointer {
        let start = unsafe UnsafeRawPointer(fanoutd_PQgetvalue(result, CInt(row), CInt(column)))
        let length = unsafe fanoutd_PQgetlength(result, CInt(row), CInt(column))
        return unsafe UnsafeRawBufferPointer(start: start, count: Int(length))
    }

    /// A number in the server's order, of two, four or eight bytes, or a truth value of one.
    func int64(_ row: Int, _ column: Int) -> Int64 {
        let bytes = unsafe bytes(row, column)
        guard let first = unsafe bytes.first else { return 0 }
        var number = Int64(Int8(bitPattern: first))
        for index in 1..<Swift.max(1, bytes.count) {
            number = unsafe number << 8 | Int64(bytes[index])
        }
        return number
    }

    func text(_ row: Int, _ column: Int) -> String {
        unsafe String(decoding: bytes(row, column), as: UTF8.self)
    }
}
