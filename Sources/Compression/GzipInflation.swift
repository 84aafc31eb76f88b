import CZlib

/// Inflates a gzip stream of any number of members, a bounded piece at a time.
///
/// Input is fed and output is asked for: a small input can't make a large output at once.
@safe package final class GzipInflation {
    /// Why a stream is no gzip.
    package struct Fault: Error, Hashable {
        package let detail: String
    }

    /// Zlib keeps the structure's address, so it must never move.
    private let stream: UnsafeMutablePointer<z_stream>
    private var input: [UInt8] = []
    private var consumed = 0
    /// Whether the input so far ends with a whole member; nothing at all is a whole stream too.
    private var isBetweenMembers = true
    private var output: [UInt8]

    package init(pieceSize: Int = 65_536) throws(Fault) {
        output = Array(repeating: 0, count: pieceSize)
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        // 15 is the largest window, 16 asks for the gzip format alone.
        let code = unsafe inflateInit2_(
            stream,
            15 + 16,
            ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size)
        )
        guard code == Z_OK else { throw Fault(detail: "zlib can't start: code \(code)") }
    }

    deinit {
        unsafe inflateEnd(stream)
        unsafe stream.deinitialize(count: 1)
        unsafe stream.deallocate()
    }

    /// Takes the next input; what came before must be used up: `next` has returned false.
    package func feed(_ bytes: some Sequence<UInt8>) {
        precondition(consumed == input.count, "input is fed before the last was used up")
        input.removeAll(keepingCapacity: true)
        input.append(contentsOf: bytes)
        consumed = 0
    }

    /// Hands the next piece of output to the reader; false when more input is wanted.
    package func next(_ read: (UnsafeRawBufferPointer) -> Void) throws(Fault) -> Bool {
        guard consumed < input.count || !isBetweenMembers else { return false }
        let (code, used, made) = inflateOnce()
        consumed += used
        isBetweenMembers = false
        switch code {
        case Z_STREAM_END:
            isBetweenMembers = true
            unsafe inflateReset(stream)
        case Z_OK:
            break
        case Z_BUF_ERROR:
            // No progress was possible: the input is used up in the middle of a member.
            return false
        default:
            throw Fault(detail: "the gzip data is damaged, or something else follows it")
        }
        if made > 0 {
            unsafe output.withUnsafeBytes {
                unsafe read(UnsafeRawBufferPointer(rebasing: $0[..<made]))
            }
        }
        return true
    }

    /// Fails if the stream ended in the middle of a member.
    package func finish() throws(Fault) {
        guard isBetweenMembers else { throw Fault(detail: "the gzip data breaks off") }
    }

    private func inflateOnce() -> (code: Int32, used: Int, made: Int) {
        let offset = consumed
        return unsafe input.withUnsafeMutableBufferPointer { input in
            unsafe output.withUnsafeMutableBufferPointer { output in
                let available = input.count - offset
                unsafe stream.pointee.next_in = input.baseAddress.map { unsafe $0 + offset }
                unsafe stream.pointee.avail_in = UInt32(available)
                unsafe stream.pointee.next_out = output.baseAddress
                unsafe stream.pointee.avail_out = UInt32(output.count)
                let code = unsafe inflate(stream, Z_NO_FLUSH)
                let used = unsafe available - Int(stream.pointee.avail_in)
                let made = unsafe output.count - Int(stream.pointee.avail_out)
                return (code, used, made)
            }
        }
    }
}
