import CZlib

/// One member of gzip.
func gzip(_ bytes: [UInt8]) -> [UInt8] {
    var stream = unsafe z_stream()
    let size = unsafe Int32(MemoryLayout<z_stream>.size)
    // 15 is the largest window, 16 asks for the gzip format.
    let begun = unsafe deflateInit2_(
        &stream,
        6,
        Z_DEFLATED,
        15 + 16,
        8,
        Z_DEFAULT_STRATEGY,
        ZLIB_VERSION,
        size
    )
    precondition(begun == Z_OK)
    defer { unsafe deflateEnd(&stream) }
    var input = bytes
    return unsafe [UInt8](unsafeUninitializedCapacity: bytes.count + 1_024) { output, count in
        count = unsafe input.withUnsafeMutableBufferPointer { input in
            unsafe stream.next_in = input.baseAddress
            unsafe stream.avail_in = UInt32(input.count)
            unsafe stream.next_out = output.baseAddress
            unsafe stream.avail_out = UInt32(output.count)
            let end = unsafe deflate(&stream, Z_FINISH)
            precondition(end == Z_STREAM_END)
            return unsafe output.count - Int(stream.avail_out)
        }
    }
}
