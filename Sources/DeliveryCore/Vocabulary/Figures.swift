/// Figures in sentences for people.
extension Int {
    /// With a comma between thousands.
    var grouped: String {
        let digits = String(magnitude)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { text.append(",") }
            text.append(digit)
        }
        return self < 0 ? "-\(text)" : text
    }
}

extension Duration {
    /// In the unit that tells most, rounded up, so that it never says a time that is too short.
    var words: String {
        let tenths = max((max(0, milliseconds) + 99) / 100, self > .zero ? 1 : 0)
        let seconds = (tenths + 9) / 10
        return switch seconds {
        case ..<10:
            tenths.isMultiple(of: 10) ? "\(tenths / 10) s" : "\(tenths / 10).\(tenths % 10) s"
        case ..<120: "\(seconds) s"
        case ..<7_200: "\((seconds + 59) / 60) min"
        case ..<172_800: "\((seconds + 3_599) / 3_600) h"
        default: "\((seconds + 86_399) / 86_400) d"
        }
    }
}

extension SendingHours {
    /// As a part of a sentence: `09:00 to 21:00 (Asia/Shanghai) on mon, tue`.
    var words: String {
        let span = "\(Self.clockText(opensAt)) to \(Self.clockText(closesAt)) (\(timeZone))"
        guard days.count < Weekday.allCases.count else { return span }
        return span + " on " + weekdays.map(\.rawValue).joined(separator: ", ")
    }
}
