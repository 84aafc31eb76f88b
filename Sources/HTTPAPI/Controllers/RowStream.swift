import DeliveryCore
import DeliveryEngine
import HummingbirdCore
import Logging
import NIOCore

/// Whole lists as streams of rows, each read and written a piece at a time.
struct RowStream: Sendable {
    /// The memory of pages and streams.
    let pages: MemoryBudget
    let isStopping: @Sendable () -> Bool
    let quietLog: QuietLog

    /// Rows of a stream that are in memory at once.
    static let rowLimit = 500
    /// What a row takes in memory at most, as the store found it and as text.
    private static let rowMemory = 1_024

    /// Some rows as text, and the account behind which the next ones are; nil at the end.
    struct Piece: Sendable {
        let rows: [UInt8]
        let next: Account?
    }

    /// The memory that so many rows take until they are sent.
    func memory(of rowCount: Int) throws(Problem) -> MemoryBudget.Share {
        try pages.share(rowCount * Self.rowMemory)
    }

    /// A response of all rows behind an account; a failure in its middle breaks the connection.
    func response(
        _ form: ContentType,
        header: [UInt8],
        after: Account?,
        read: @escaping @Sendable (Account?) async throws -> Piece,
        atEnd: @escaping @Sendable () async throws -> Void = {}
    ) throws -> Response {
        let share = try memory(of: Self.rowLimit)
        let body = ResponseBody { writer in
            do {
                if form == .csv { try await writer.write(ByteBuffer(bytes: header)) }
                var place = after
                repeat {
                    // A stop doesn't wait for an export of millions.
                    if isStopping() { throw CancellationError() }
                    try Task.checkCancellation()
                    let piece = try await read(place)
                    if !piece.rows.isEmpty {
                        try await writer.write(ByteBuffer(bytes: piece.rows))
                    }
                    place = piece.next
                } while place != nil
                try await atEnd()
                try await writer.finish(nil)
            } catch {
                let text = "\(error)"
                quietLog.log(
                    LogLine(.warning, "An export broke off", ["error": "\(text)"], kind: text)
                )
                throw error
            }
        }
        return Response.stream(form, body).holding(share)
    }
}
