/// Times as text (RFC 3339), and as milliseconds since 1970.
package enum RFC3339 {
    /// A time in UTC with milliseconds, as in `2026-11-11T00:00:00.000Z`.
    package static func text(milliseconds: Int64) -> String {
        let (days, inDay) = milliseconds.floored(by: 86_400_000)
        let date = CivilDate(daysSince1970: days)
        let second = inDay / 1_000
        return "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))"
            + "T\(padded(second / 3_600, 2)):\(padded(second / 60 % 60, 2))"
            + ":\(padded(second % 60, 2)).\(padded(inDay % 1_000, 3))Z"
    }

    /// Reads a time with any offset, strictly; nil where the text is none.
    ///
    /// Digits below the millisecond are cut off. A leap second counts as the second behind it.
    package static func milliseconds(_ text: some StringProtocol) -> Int64? {
        var reader = Reader(bytes: Array(text.utf8))
        return reader.milliseconds()
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}

private struct Reader {
    let bytes: [UInt8]
    var position = 0

    mutating func milliseconds() -> Int64? {
        guard let year = number(4), take("-"), let month = number(2, in: 1...12), take("-"),
            let day = number(2, in: 1...CivilDate.days(ofMonth: month, year: year)),
            take("T") || take("t"), let hour = number(2, in: 0...23), take(":"),
            let minute = number(2, in: 0...59), take(":"), let second = number(2, in: 0...60),
            let fraction = fraction(), let offset = offsetInMinutes(), position == bytes.count
        else { return nil }
        let days = CivilDate(year: year, month: month, day: day).daysSince1970
        let minutes = days * 1_440 + hour * 60 + minute - offset
        let time = (minutes * 60 + second) * 1_000 + fraction
        // An offset can move the first and the last year's times out of what four digits can say.
        return (-62_167_219_200_000...253_402_300_799_999).contains(time) ? time : nil
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else {
            return false
        }
        position += 1
        return true
    }

    private mutating func digit() -> Int64? {
        guard position < bytes.count, (0x30...0x39).contains(bytes[position]) else { return nil }
        position += 1
        return Int64(bytes[position - 1] - 0x30)
    }

    private mutating func number(
        _ width: Int,
        in range: ClosedRange<Int64> = 0...9_999
    ) -> Int64? {
        var value: Int64 = 0
        for _ in 0..<width {
            guard let digit = digit() else { return nil }
            value = value * 10 + digit
        }
        return range.contains(value) ? value : nil
    }

    private mutating func fraction() -> Int64? {
        guard take(".") else { return 0 }
        guard let first = digit() else { return nil }
        var value = first * 100
        var weight: Int64 = 10
        while let digit = digit() {
            value += digit * weight
            weight /= 10
        }
        return value
    }

    private mutating func offsetInMinutes() -> Int64? {
        if take("Z") || take("z") { return 0 }
        guard let sign: Int64 = take("+") ? 1 : take("-") ? -1 : nil,
            let hours = number(2, in: 0...23), take(":"), let minutes = number(2, in: 0...59)
        else { return nil }
        return sign * (hours * 60 + minutes)
    }
}
