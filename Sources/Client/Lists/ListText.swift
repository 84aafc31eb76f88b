import Compression
import Glibc
package import Platform

/// A list of recipients on its way: its bytes as they lie in the file become text, and what is no
/// text is refused.
///
/// The daemon would take each line of something else for an account or not, and start all the same.
package struct ListText {
    private let name: String
    private let isCompressed: Bool
    /// Nil for plain text, and before the first byte.
    private var inflation: GzipInflation?
    /// The first bytes of the text, until they were judged; nil then.
    private var head: [UInt8]? = []

    /// `name` is what messages call it.
    package init(name: String, isCompressed: Bool) {
        self.name = name
        self.isCompressed = isCompressed
    }

    /// Judges the start of a list; answers the text of it.
    package mutating func head(of bytes: [UInt8]) throws(CommandFailure) -> [UInt8] {
        var text: [UInt8] = []
        try take(bytes) { text += $0 }
        try judgeHead()
        return text
    }

    /// Takes the next bytes of the file and hands their text on.
    package mutating func take(
        _ bytes: [UInt8],
        to read: ([UInt8]) -> Void = { _ in }
    ) throws(CommandFailure) {
        guard isCompressed, !bytes.isEmpty else { return try judge(bytes, read) }
        if inflation == nil, bytes.first != 0x1F { throw refusal(of: bytes) }
        do {
            let inflation = try self.inflation ?? GzipInflation()
            self.inflation = inflation
            inflation.feed(bytes)
            var text: [UInt8] = []
            while try unsafe inflation.next({ unsafe text.append(contentsOf: $0) }) {
                try judge(text, read)
                text.removeAll(keepingCapacity: true)
            }
        } catch let fault as GzipInflation.Fault {
            throw CommandFailure(.badData, "\(name): \(fault.detail)")
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            // Nothing else is thrown here.
            throw CommandFailure(.badData, "\(name) can't be inflated")
        }
    }

    /// Judges what came so far, however little that is.
    package mutating func judgeHead() throws(CommandFailure) {
        guard let head else { return }
        if let content = ForeignContent(head: head) { throw refusal(content) }
    }

    /// Refuses a list that breaks off.
    package mutating func finish() throws(CommandFailure) {
        try judgeHead()
        do throws(GzipInflation.Fault) {
            try inflation?.finish()
        } catch {
            throw CommandFailure(.badData, "\(name): \(error.detail)")
        }
    }

    private mutating func judge(
        _ text: [UInt8],
        _ read: ([UInt8]) -> Void
    ) throws(CommandFailure) {
        if let start = head {
            head = start + text.prefix(ForeignContent.headSize - start.count)
            if start.count + text.count >= ForeignContent.headSize {
                try judgeHead()
                head = nil
            }
        }
        let hasZero = unsafe text.withUnsafeBytes { bytes in
            unsafe bytes.baseAddress.map { unsafe memchr($0, 0, bytes.count) != nil } ?? false
        }
        if hasZero {
            // The head tells more of it.
            try judgeHead()
            throw refusal(.binary)
        }
        read(text)
    }

    private func refusal(_ content: ForeignContent) -> CommandFailure {
        CommandFailure(.badData, "\(name) is no list of recipients: \(content)")
    }

    private func refusal(of bytes: [UInt8]) -> CommandFailure {
        ForeignContent(head: bytes).map { refusal($0) }
            ?? CommandFailure(
                .badData,
                "\(name) is no gzip data, though its name ends in .gz; give it its right ending"
            )
    }
}
