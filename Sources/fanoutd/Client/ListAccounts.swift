import DeliveryCore
import HTTPAPI
import NIOCore

/// A short list's accounts in memory, read by the very readers of the daemon.
package enum ListAccounts {
    /// Each account once, in the list's order, and how many lines were none; `limit` is of all
    /// accounts' bytes.
    package static func read(
        _ file: RecipientFile,
        limit: Int
    ) async throws -> (accounts: [[UInt8]], invalid: Int) {
        var reader: any AccountReader =
            switch file.format {
            case .text: AccountLines(form: .text)
            case .ndjson: AccountLines(form: .ndjson)
            case .csv: AccountTable()
            }
        var text = ListText(name: file.description, isCompressed: file.isCompressed)
        for try await piece in file.chunks(counting: ByteCounter()) {
            try text.take(Array(piece.readableBytesView)) { bytes in
                unsafe bytes.withUnsafeBytes { unsafe reader.read($0) }
            }
            // Each account takes quotes and a comma more.
            guard reader.run.bytes.count + 3 * reader.run.count <= limit else {
                throw CommandFailure(
                    .badData,
                    "\(file) holds more than \(limit.grouped) bytes; for so large a list give "
                        + "--count instead"
                )
            }
        }
        reader.finish()
        let run = reader.run
        var seen: Set<[UInt8]> = []
        let accounts = (0..<run.count).map { Array(run[$0]) }.filter { seen.insert($0).inserted }
        return (accounts, reader.invalid.count)
    }
}
