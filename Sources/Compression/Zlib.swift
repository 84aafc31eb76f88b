import CZlib

/// The zlib format (RFC 1950) that UserSigs are wrapped in.
package enum Zlib {
    /// Wraps bytes in stored blocks, uncompressed: any inflater takes them, and a signature is
    /// a few hundred bytes that are made once a day.
    package static func stored(_ bytes: [UInt8]) -> [UInt8] {
        // 32 KB window, no dictionary, fastest level; the two bytes are a multiple of 31.
        var result: [UInt8] = [0x78, 0x01]
        var start = 0
        repeat {
            let end = min(start + 0xFFFF, bytes.count)
            let count = UInt16(end - start)
            result.append(end == bytes.count ? 1 : 0)
            for value in [count, ~count] {
                result += [UInt8(truncatingIfNeeded: value), UInt8(value >> 8)]
            }
            result += bytes[start..<end]
            start = end
        } while start < bytes.count
        let checksum = adler32(bytes)
        result += [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: checksum >> $0) }
        return result
    }

    /// The bytes that were wrapped, compressed or not; nil if it is no zlib data or more than
    /// `limit` bytes.
    package static func inflated(_ bytes: [UInt8], limit: Int) -> [UInt8]? {
        var result = [UInt8](repeating: 0, count: limit)
        var count = uLongf(limit)
        let status = unsafe bytes.withUnsafeBufferPointer { source in
            unsafe result.withUnsafeMutableBufferPointer { target in
                unsafe uncompress(
                    target.baseAddress,
                    &count,
                    source.baseAddress,
                    uLong(source.count)
                )
            }
        }
        return status == Z_OK ? Array(result.prefix(Int(count))) : nil
    }

    private static func adler32(_ bytes: [UInt8]) -> UInt32 {
        var low: UInt32 = 1
        var high: UInt32 = 0
        for byte in bytes {
            low = (low + UInt32(byte)) % 65521
            high = (high + low) % 65521
        }
        return high << 16 | low
    }
}
