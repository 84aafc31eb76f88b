package import DeliveryCore
package import DeliveryEngine
package import JSON

/// Sending hours as clients write them, in a campaign, a patch, a plan and the configuration.
extension SendingHours {
    private static let fields = ["from", "to", "time_zone", "days"]

    /// Reads hours, with every fault and its pointer.
    ///
    /// As in a merge patch, what isn't named stays as it is in `base`, if there is one, and null takes
    /// the days away.
    package static func read(
        _ document: JSON,
        onto base: SendingHours? = nil,
        _ zones: any ZoneDirectory
    ) -> (hours: SendingHours?, faults: [FieldCheck.Fault]) {
        guard document.members != nil else {
            let detail =
                "want an object with from, to, time_zone and, if not all, days, or null for any time;"
                + " not \(document.kindName)"
            return (nil, [FieldCheck.Fault(pointer: "", detail: detail)])
        }
        var reader = FieldReader(document, fields: fields)
        let from = reader.minutes("from") ?? base?.opensAt
        let to = reader.minutes("to") ?? base?.closesAt
        let zone = reader.zone("time_zone", zones) ?? base?.timeZone
        let days = reader.days("days", areRemovable: base != nil) ?? base?.days
        for (name, isKnown) in [
            ("from", from != nil), ("to", to != nil), ("time_zone", zone != nil),
        ] where !isKnown && !reader.isNamed(name) {
            reader.fault("/\(name)", "is missing")
        }
        if let from, from == to {
            reader.fault("/to", "is the same as from: where hours never close, leave them out")
        }
        guard reader.faults.isEmpty, let from, let to, let zone else { return (nil, reader.faults) }
        let hours = SendingHours(
            opensAt: from,
            closesAt: to,
            days: days ?? Set(Weekday.allCases),
            timeZone: zone
        )
        return (hours, [])
    }
}

extension FieldReader {
    /// Sending hours; nil if they are left out, null or at fault.
    mutating func sendingHours(
        _ name: String,
        onto base: SendingHours? = nil,
        _ zones: any ZoneDirectory
    ) -> SendingHours? {
        guard let value = value(name), !value.isNull else { return nil }
        let (hours, faults) = SendingHours.read(value, onto: base, zones)
        for part in faults { fault("/\(name)\(part.pointer)", part.detail) }
        return hours
    }

    /// The hours of something new, whose default counts only where nothing is said: null is any time.
    mutating func sendBetween(_ configuration: EndpointConfiguration) -> SendingHours? {
        isNamed("send_between")
            ? sendingHours("send_between", configuration.zones) : configuration.defaultSendBetween()
    }

    /// Says that nothing could be sent before the expiry.
    mutating func checkOpening(
        _ settings: Campaign.Settings,
        now: Timestamp,
        _ zones: any ZoneDirectory,
        at pointer: String = "/expires_at"
    ) {
        guard let late = settings.lateOpening(now: now, zones) else { return }
        fault(pointer, late)
    }

    /// A time of day in minutes after midnight.
    fileprivate mutating func minutes(_ name: String) -> Int? {
        guard let value = value(name) else { return nil }
        let rule = Rule.text { bytes in
            Self.minutes(bytes) == nil
                ? "want a time of day from 00:00 to 23:59, such as 09:00" : nil
        }
        if let detail = rule.fault(in: value) { fault("/\(name)", detail) }
        return value.stringBytes.flatMap(Self.minutes)
    }

    private static func minutes(_ bytes: [UInt8]) -> Int? {
        let digits = bytes.map { Int($0) - Int(UInt8(ascii: "0")) }
        guard digits.count == 5, bytes[2] == UInt8(ascii: ":"),
            [0, 1, 3, 4].allSatisfy({ (0...9).contains(digits[$0]) })
        else { return nil }
        let (hour, minute) = (digits[0] * 10 + digits[1], digits[3] * 10 + digits[4])
        return hour < 24 && minute < 60 ? hour * 60 + minute : nil
    }

    fileprivate mutating func zone(_ name: String, _ zones: any ZoneDirectory) -> String? {
        guard let value = value(name) else { return nil }
        let rule = Rule.text { zones.fault(of: String(decoding: $0, as: UTF8.self)) }
        guard let detail = rule.fault(in: value) else { return value.string }
        fault("/\(name)", detail)
        return nil
    }

    /// Days of the week; nil if they are left out or at fault.
    fileprivate mutating func days(_ name: String, areRemovable: Bool) -> Set<Weekday>? {
        guard let value = value(name) else { return nil }
        if value.isNull, areRemovable { return Set(Weekday.allCases) }
        let names = Weekday.allCases.map(\.rawValue)
        let wanted = "want days of \(names.joined(separator: ", "))"
        guard let elements = value.elements else {
            fault("/\(name)", "\(wanted), not \(value.kindName); all of them if it is left out")
            return nil
        }
        if elements.isEmpty { fault("/\(name)", "names no day; all of them if it is left out") }
        let rule = Rule.choice(names)
        for (index, element) in elements.enumerated() {
            if let detail = rule.fault(in: element) { fault("/\(name)/\(index)", detail) }
        }
        return Set(elements.compactMap { $0.string.flatMap(Weekday.init) })
    }
}

extension Campaign.Settings {
    /// Says that the sending hours open only after the campaign has expired; nil if that isn't so.
    func lateOpening(now: Timestamp, _ zones: any ZoneDirectory) -> String? {
        guard let hours = sendBetween, let expiresAt else { return nil }
        let start = max(now, startAt ?? now)
        let opening = SendingCalendar(zones).opening(of: hours, from: start)
        guard let opening, opening >= expiresAt else { return nil }
        let (from, to) = (hours.opensAt, hours.closesAt)
        let span = [from, to].map(SendingHours.clockText).joined(separator: " to ")
        return "expires_at lies before the next sending hours (\(span), \(hours.timeZone)), which"
            + " open at \(opening.rfc3339): let it expire after that, or change send_between"
    }
}

extension JSONText {
    /// Sending hours with all their days; null for any time.
    mutating func sendingHours(_ hours: SendingHours?) {
        guard let hours else { return null() }
        object {
            $0.field("from", SendingHours.clockText(hours.opensAt))
            $0.field("to", SendingHours.clockText(hours.closesAt))
            $0.field("time_zone", hours.timeZone)
            $0.array("days", of: hours.weekdays) { $0.string($1.rawValue) }
        }
    }
}
