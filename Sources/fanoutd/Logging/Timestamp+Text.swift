package import DeliveryCore

extension Timestamp {
    /// RFC 3339 in UTC with milliseconds, as in `2026-11-11T00:00:00.000Z`.
    package var rfc3339: String {
        let (days, milliseconds) = milliseconds.floored(by: 86_400_000)
        let (year, month, day) = Self.civil(days: days)
        let second = milliseconds / 1_000
        return "\(year.padded(4))-\(month.padded(2))-\(day.padded(2))"
            + "T\((second / 3_600).padded(2)):\((second / 60 % 60).padded(2))"
            + ":\((second % 60).padded(2)).\((milliseconds % 1_000).padded(3))Z"
    }

    /// The date so many days after 1970-01-01, by Howard Hinnant's `civil_from_days`.
    private static func civil(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        // Years begin in March here, so that the leap day is the last of one.
        let (era, dayOfEra) = (days + 719_468).floored(by: 146_097)
        let yearOfEra =
            (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * month + 2) / 5 + 1
        let civilMonth = month < 10 ? month + 3 : month - 9
        return (yearOfEra + era * 400 + (civilMonth <= 2 ? 1 : 0), civilMonth, day)
    }
}

extension Int64 {
    fileprivate func floored(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    fileprivate func padded(_ width: Int) -> String {
        let text = String(self)
        return String(repeating: "0", count: Swift.max(0, width - text.count)) + text
    }
}
