import DeliveryCore

/// Sending hours as a campaign's column holds them: when they open and close, in minutes, the days
/// from Monday on as bits from the lowest on, and the zone.
extension SendingHours {
    var stored: String {
        let days = Weekday.allCases.enumerated().reduce(0) { bits, day in
            self.days.contains(day.element) ? bits | 1 << day.offset : bits
        }
        return "\(opensAt) \(closesAt) \(days) \(timeZone)"
    }

    init(stored text: String) throws {
        let parts = text.split(separator: " ")
        guard parts.count == 4, let opensAt = Int(parts[0]), let closesAt = Int(parts[1]),
            let bits = Int(parts[2])
        else { throw DamagedRow("sending hours \(text)") }
        let days = Weekday.allCases.enumerated().filter { bits & 1 << $0.offset != 0 }
        self.init(
            opensAt: opensAt,
            closesAt: closesAt,
            days: Set(days.map(\.element)),
            timeZone: String(parts[3])
        )
    }
}
