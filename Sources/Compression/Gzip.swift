import CZlib

/// Makes gzip (RFC 1952) of what is in memory as a whole.
package enum Gzip {
    /// The bytes as one member, as small as zlib makes them: for what is compressed once.
    package static func compressed(_ bytes: [UInt8]) -> [UInt8] {
        var stream = unsafe z_stream()
        // Zlib keeps the structure's address, so it mustn't move before the end.
        return unsafe withUnsafeMutablePointer(to: &stream) { unsafe compress(bytes, with: $0) }
    }

    private static func compress(
        _ bytes: [UInt8],
        with stream: UnsafeMutablePointer<z_stream>
    ) -> [UInt8] {
        // 15 is the largest window, 16 asks for the gzip format; 8 is zlib's usual memory.
        let started = unsafe deflateInit2_(
            stream,
            Z_BEST_COMPRESSION,
            Z_DEFLATED,
            15 + 16,
            8,
            Z_DEFAULT_STRATEGY,
            ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size)
        )
        precondition(started == Z_OK, "zlib can't start: code \(started)")
        defer { unsafe deflateEnd(stream) }
        var input = bytes
        // The bound is never passed, so one call makes it all.
        let bound = unsafe deflateBound(stream, uLong(bytes.count))
        var output = [UInt8](repeating: 0, count: Int(bound))
        let code = unsafe input.withUnsafeMutableBufferPointer { input in
            unsafe output.withUnsafeMutableBufferPointer { output in
                unsafe stream.pointee.next_in = input.baseAddress
                unsafe stream.pointee.avail_in = UInt32(input.count)
                unsafe stream.pointee.next_out = output.baseAddress
                unsafe stream.pointee.avail_out = UInt32(output.count)
                return unsafe deflate(stream, Z_FINISH)
            }
        }
        precondition(code == Z_STREAM_END, "zlib can't end: code \(code)")
        return unsafe Array(output.prefix(Int(stream.pointee.total_out)))
    }
}
