import Codecs
import DeliveryCore

/// The rule by which a zone's clock goes on year after year, as a file's last line tells it.
///
/// It is the text of POSIX's variable TZ, with the hours that RFC 9636 adds: `CET-1CEST,M3.5.0,M10.5.0/3`.
struct ZoneRule: Sendable, Hashable {
    /// Seconds ahead of UTC.
    private let standard: Int64
    private let daylight: Daylight?

    private struct Daylight: Sendable, Hashable {
        let offset: Int64
        let start: YearlyDay
        let end: YearlyDay
    }

    /// A moment of each year, by the clock that is in force before it.
    struct YearlyDay: Sendable, Hashable {
        let day: Day
        /// Seconds after that day's midnight; may lie days off.
        let time: Int64

        enum Day: Sendable, Hashable {
            /// From 1 to 365, in which February 29 is never counted.
            case ordinary(Int64)
            /// From 0 to 365, in which it is.
            case counted(Int64)
            /// A weekday, 0 for Sunday, of a week of a month, 5 for its last.
            case weekday(Int64, week: Int64, month: Int64)
        }

        /// The moment, in seconds since 1970-01-01T00:00 of the clock.
        func second(in year: Int64) -> Int64 {
            let newYear = CivilDate(year: year, month: 1, day: 1).daysSince1970
            let date: Int64
            switch day {
            case .counted(let number): date = newYear + number
            case .ordinary(let number):
                let isLeap = CivilDate.days(ofMonth: 2, year: year) == 29
                date = newYear + number - 1 + (isLeap && number > 59 ? 1 : 0)
            case .weekday(let weekday, let week, let month):
                let first = CivilDate(year: year, month: month, day: 1).daysSince1970
                // 1970-01-01 was a Thursday.
                let shift = (weekday - (first + 4) % 7 + 14) % 7
                let last = CivilDate.days(ofMonth: month, year: year) - 1
                var day = shift + (week - 1) * 7
                if day > last { day -= 7 }
                date = first + day
            }
            return date * 86_400 + time
        }
    }

    func offset(at second: Int64) -> ZoneOffset {
        guard let daylight else { return ZoneOffset(seconds: standard) }
        let local = second + standard
        let days = local >= 0 ? local / 86_400 : (local - 86_399) / 86_400
        let year = CivilDate(daysSince1970: days).year
        var changes: [(at: Int64, offset: Int64)] = []
        for year in year - 1...year + 1 {
            changes.append((daylight.end.second(in: year) - daylight.offset, standard))
            changes.append((daylight.start.second(in: year) - standard, daylight.offset))
        }
        // At the same moment summer begins behind the last one's end: then it lasts all year.
        let sorted = changes.enumerated().sorted {
            ($0.element.at, $0.offset % 2) < ($1.element.at, $1.offset % 2)
        }
        let offset = sorted.last { $0.element.at <= second }?.element.offset ?? standard
        return ZoneOffset(
            seconds: offset,
            until: sorted.first { $0.element.at > second }?.element.at
        )
    }
}

extension ZoneRule {
    /// Reads a rule; nil if it isn't understood.
    init?(_ text: String) {
        var reader = RuleReader(rest: Array(text.utf8)[...])
        guard reader.name(), let west = reader.duration(hourLimit: 24) else { return nil }
        standard = -west
        guard !reader.rest.isEmpty else {
            daylight = nil
            return
        }
        guard reader.name() else { return nil }
        var offset = standard + 3_600
        if reader.rest.first != UInt8(ascii: ",") {
            guard let west = reader.duration(hourLimit: 24) else { return nil }
            offset = -west
        }
        guard let start = reader.day(), let end = reader.day(), reader.rest.isEmpty else {
            return nil
        }
        daylight = Daylight(offset: offset, start: start, end: end)
    }
}

/// Reads the parts of a rule, one behind the other.
private struct RuleReader {
    var rest: ArraySlice<UInt8>

    /// A name of the clock, which nobody needs.
    mutating func name() -> Bool {
        if take("<") {
            guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { return false }
            rest = rest[(end + 1)...]
            return true
        }
        let letters = rest.prefix {
            ($0 | 0x20) >= UInt8(ascii: "a") && ($0 | 0x20) <= UInt8(ascii: "z")
        }
        rest = rest.dropFirst(letters.count)
        return letters.count >= 3
    }

    /// Hours, minutes and seconds with a sign, in seconds.
    mutating func duration(hourLimit: Int64) -> Int64? {
        let sign: Int64 = take("-") ? -1 : 1
        if sign > 0 { _ = take("+") }
        guard let hours = number(upTo: hourLimit) else { return nil }
        var seconds = hours * 3_600
        for unit: Int64 in [60, 1] where take(":") {
            guard let part = number(upTo: 59) else { return nil }
            seconds += part * unit
        }
        return sign * seconds
    }

    /// A day of each year, and the time of that day, two o'clock if it isn't said.
    mutating func day() -> ZoneRule.YearlyDay? {
        guard take(",") else { return nil }
        let day: ZoneRule.YearlyDay.Day
        if take("M") {
            guard let month = number(upTo: 12), month > 0, take("."), let week = number(upTo: 5),
                week > 0, take("."), let weekday = number(upTo: 6)
            else { return nil }
            day = .weekday(weekday, week: week, month: month)
        } else if take("J") {
            guard let number = number(upTo: 365), number > 0 else { return nil }
            day = .ordinary(number)
        } else {
            guard let number = number(upTo: 365) else { return nil }
            day = .counted(number)
        }
        guard take("/") else { return ZoneRule.YearlyDay(day: day, time: 7_200) }
        return duration(hourLimit: 167).map { ZoneRule.YearlyDay(day: day, time: $0) }
    }

    private mutating func take(_ sign: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: sign) else { return false }
        rest = rest.dropFirst()
        return true
    }

    private mutating func number(upTo limit: Int64) -> Int64? {
        let digits = rest.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
        rest = rest.dropFirst(digits.count)
        return Int64(String(decoding: digits, as: UTF8.self)).flatMap { $0 <= limit ? $0 : nil }
    }
}
