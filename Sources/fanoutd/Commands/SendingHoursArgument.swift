import ArgumentParser
import DeliveryCore
import JSON

/// Sending hours on the command line: `09:00-21:00 Asia/Shanghai`, with days as a third word where it
/// isn't all of them (`mon-fri`, `sat,sun`), or `any`.
///
/// Times, zone and names of days are passed on as they are: the daemon checks them.
package struct SendingHoursArgument: Sendable {
    private let hours: Hours?

    private struct Hours: Sendable {
        let from: String
        let to: String
        let timeZone: String
        let days: [String]?
    }

    static let help = ArgumentHelp(
        "The hours in which it may be sent: FROM-TO ZONE [DAYS], or any.",
        discussion: """
            Such as '09:00-21:00 Asia/Shanghai' or '22:00-06:00 Europe/Berlin fri,sat'; mon-fri are \
            days, too. Unless it is said, the daemon's own default counts.
            """,
        valueName: "hours"
    )

    private static let wanted =
        "--send-between: give '09:00-21:00 Asia/Shanghai', with days as a third word such as mon-fri if"
        + " it isn't every day, or any"

    package init(parsing text: String) throws {
        if text == "any" {
            hours = nil
            return
        }
        let words = text.split(separator: " ").map(String.init)
        let times = words.first?.split(separator: "-", omittingEmptySubsequences: false) ?? []
        guard (2...3).contains(words.count), times.count == 2 else {
            throw ValidationError(Self.wanted)
        }
        hours = Hours(
            from: String(times[0]),
            to: String(times[1]),
            timeZone: words[1],
            days: words.count > 2 ? Self.days(in: words[2]) : nil
        )
    }

    /// Each day by itself; what is no day stays as it is.
    private static func days(in text: String) -> [String] {
        let names = Weekday.allCases.map(\.rawValue)
        return text.split(separator: ",").flatMap { part in
            let ends = part.split(separator: "-").map(String.init)
            guard ends.count == 2, let first = names.firstIndex(of: ends[0]),
                let last = names.firstIndex(of: ends[1])
            else { return [String(part)] }
            let count = (last - first + names.count) % names.count
            return (0...count).map { names[(first + $0) % names.count] }
        }
    }

    /// Writes what stands in `send_between`.
    func write(to text: inout JSONText) {
        guard let hours else { return text.null() }
        text.object {
            $0.field("from", hours.from)
            $0.field("to", hours.to)
            $0.field("time_zone", hours.timeZone)
            if let days = hours.days { $0.array("days", of: days) { $0.string($1) } }
        }
    }
}
