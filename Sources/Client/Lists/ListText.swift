import Compression
import Glibc
package import Platform

/// Turns a list's bytes, as they are in the file, into text, and refuses content that isn't text.
///
/// The daemon would take some lines of such content for accounts and start all the same.
package struct ListText {
    private let name: String
    private let isCompressed: Bool
    /// Nil for plain text, and before the first byte.
    private var inflation: GzipInflation?
    /// The first bytes of the text; nil once they were checked.
    private var head: [UInt8]? = []

    /// `name` names the list in messages.
    package init(name: String, isCompressed: Bool) {
        self.name = name
        self.isCompressed = isCompressed
    }

    /// Checks the start of a list; answers its text.
    package mutating func head(of bytes: [UInt8]) throws(CommandFailure) -> [UInt8] {
        var text: [UInt8] = []
        try take(bytes) { text += $0 }
        try judgeHead()
        return text
    }

    /// Inflates and checks the next bytes of the file and answers their text.
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
            // The inflation throws no other error.
            throw CommandFailure(.badData, "\(name) can't be inflated")
        }
    }

    /// Checks the bytes so far, however few.
    package mutating func judgeHead() throws(CommandFailure) {
        guard let head else { return }
        if let content = ForeignContent(head: head) { throw refusal(content) }
    }

    /// Refuses a truncated list.
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
            // The head may give a better reason.
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
