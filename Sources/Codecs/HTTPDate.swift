/// Times as HTTP writes them in a `Date` header (RFC 9110), and as seconds since 1970.
package enum HTTPDate {
    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// A time as in `Sun, 06 Nov 1994 08:49:37 GMT`.
    package static func text(seconds: Int64) -> String {
        let (days, second) = seconds.floored(by: 86_400)
        let date = CivilDate(daysSince1970: days)
        // 1970 began on a Thursday.
        let weekday = weekdays[Int((days + 4).floored(by: 7).remainder)]
        return "\(weekday), \(padded(date.day, 2)) \(months[Int(date.month) - 1])"
            + " \(padded(date.year, 4)) \(padded(second / 3_600, 2))"
            + ":\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2)) GMT"
    }

    /// Reads a time in the form that servers must write; nil where the text is none.
    ///
    /// The two forms that RFC 9110 calls obsolete aren't read, and the day of the week isn't judged.
    /// A leap second counts as the second behind it.
    package static func seconds(_ text: String) -> Int64? {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0].utf8.count == 4, parts[0].last == ",", parts[5] == "GMT",
            let year = number(parts[3], 4, in: 1_970...9_999),
            let index = months.firstIndex(where: { $0.utf8.elementsEqual(parts[2].utf8) }),
            let time = secondOfDay(parts[4])
        else { return nil }
        let month = Int64(index + 1)
        let days = CivilDate.days(ofMonth: month, year: year)
        guard let day = number(parts[1], 2, in: 1...days) else { return nil }
        return CivilDate(year: year, month: month, day: day).daysSince1970 * 86_400 + time
    }

    private static func secondOfDay(_ text: Substring) -> Int64? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, let hour = number(parts[0], 2, in: 0...23),
            let minute = number(parts[1], 2, in: 0...59),
            let second = number(parts[2], 2, in: 0...60)
        else { return nil }
        return (hour * 60 + minute) * 60 + second
    }

    private static func number(
        _ digits: Substring,
        _ width: Int,
        in range: ClosedRange<Int64>
    ) -> Int64? {
        guard digits.utf8.count == width,
            digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let value = Int64(digits), range.contains(value)
        else { return nil }
        return value
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}
