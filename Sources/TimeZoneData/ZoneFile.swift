package import DeliveryCore

/// A zone's clock as a file of the IANA data tells it (TZif, RFC 9636).
///
/// The file lists changes of the clock and says by which rule it goes on behind the last of them.
package struct ZoneFile: ZoneClock {
    /// Seconds at which the clock changes, ascending.
    private let changes: [Int64]
    /// How far the clock is ahead of UTC from each of them on.
    private let offsets: [Int64]
    private let firstOffset: Int64
    private let rule: ZoneRule?

    /// Why a file can't be used.
    package struct Damage: Error, Sendable, Hashable {
        package let text: String
    }

    package init(_ bytes: [UInt8]) throws(Damage) {
        var reader = ZoneReader(bytes)
        var header = try reader.header()
        var hasWideTimes = false
        if header.version > 0 {
            // The first block is for readers of the first version, whose times have 32 bits.
            try reader.skip(header.size(ofTimes: 4))
            header = try reader.header()
            hasWideTimes = true
        }
        changes = try reader.times(header.changeCount, areWide: hasWideTimes)
        let kinds = try reader.take(header.changeCount)
        let all = try reader.offsets(header.kindCount)
        guard let first = all.first else { throw Damage(text: "it has no offset") }
        guard kinds.allSatisfy({ Int($0) < all.count }) else {
            throw Damage(text: "a change leads nowhere")
        }
        firstOffset = first
        offsets = kinds.map { all[Int($0)] }
        guard zip(changes, changes.dropFirst()).allSatisfy({ $0 < $1 }) else {
            throw Damage(text: "its changes aren't in order")
        }
        guard hasWideTimes else {
            rule = nil
            return
        }
        try reader.skip(header.restSize(ofTimes: 8))
        rule = try reader.footer()
    }

    package func offset(at second: Int64) -> ZoneOffset {
        let next = firstChange(after: second)
        guard next == changes.count else {
            let offset = next == 0 ? firstOffset : offsets[next - 1]
            return ZoneOffset(seconds: offset, until: changes[next])
        }
        if let rule { return rule.offset(at: second) }
        return ZoneOffset(seconds: offsets.last ?? firstOffset)
    }

    private func firstChange(after second: Int64) -> Int {
        var (low, high) = (0, changes.count)
        while low < high {
            let middle = (low + high) / 2
            if changes[middle] <= second { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// Reads the parts of a TZif file, one behind the other.
private struct ZoneReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// How many entries of each kind a block has.
    struct Header {
        let version: UInt8
        let universalCount: Int
        let standardCount: Int
        let leapCount: Int
        let changeCount: Int
        let kindCount: Int
        let nameSize: Int

        /// The bytes behind the offsets.
        func restSize(ofTimes size: Int) -> Int {
            nameSize + leapCount * (size + 4) + standardCount + universalCount
        }

        func size(ofTimes size: Int) -> Int {
            changeCount * (size + 1) + kindCount * 6 + restSize(ofTimes: size)
        }
    }

    mutating func header() throws(ZoneFile.Damage) -> Header {
        let head = try take(20)
        guard head.prefix(4).elementsEqual("TZif".utf8) else {
            throw ZoneFile.Damage(text: "it is no TZif file")
        }
        var counts: [Int] = []
        for _ in 0..<6 { counts.append(Int(try number(4))) }
        guard counts.allSatisfy({ (0...65_536).contains($0) }) else {
            throw ZoneFile.Damage(text: "its counts are out of range")
        }
        return Header(
            version: head[head.startIndex + 4],
            universalCount: counts[0],
            standardCount: counts[1],
            leapCount: counts[2],
            changeCount: counts[3],
            kindCount: counts[4],
            nameSize: counts[5]
        )
    }

    mutating func times(_ count: Int, areWide: Bool) throws(ZoneFile.Damage) -> [Int64] {
        var times: [Int64] = []
        for _ in 0..<count { times.append(try number(areWide ? 8 : 4)) }
        return times
    }

    /// How far the clock may be ahead of UTC, by kind.
    mutating func offsets(_ count: Int) throws(ZoneFile.Damage) -> [Int64] {
        var offsets: [Int64] = []
        for _ in 0..<count {
            let offset = try number(4)
            guard (-86_399...86_399).contains(offset) else {
                throw ZoneFile.Damage(text: "an offset is out of range")
            }
            offsets.append(offset)
            try skip(2)
        }
        return offsets
    }

    /// The rule between the last two line feeds; nil if there is none.
    func footer() throws(ZoneFile.Damage) -> ZoneRule? {
        let rest = bytes[position...]
        guard rest.first == UInt8(ascii: "\n"), rest.last == UInt8(ascii: "\n"), rest.count > 1
        else { throw ZoneFile.Damage(text: "it is cut off") }
        let text = String(decoding: rest.dropFirst().dropLast(), as: UTF8.self)
        guard !text.isEmpty else { return nil }
        guard let rule = ZoneRule(text) else {
            throw ZoneFile.Damage(text: "its rule \(text) isn't understood")
        }
        return rule
    }

    mutating func skip(_ count: Int) throws(ZoneFile.Damage) { _ = try take(count) }

    mutating func take(_ count: Int) throws(ZoneFile.Damage) -> ArraySlice<UInt8> {
        guard count <= bytes.count - position else {
            throw ZoneFile.Damage(text: "it is cut off")
        }
        defer { position += count }
        return bytes[position..<position + count]
    }

    /// A number of so many bytes, the most significant first, with its sign.
    private mutating func number(_ size: Int) throws(ZoneFile.Damage) -> Int64 {
        let bits = try take(size).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return size == 4
            ? Int64(Int32(truncatingIfNeeded: bits)) : Int64(truncatingIfNeeded: bits)
    }
}
