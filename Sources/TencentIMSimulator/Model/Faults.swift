package import JSON

/// What goes wrong, set by `POST /_simulator/faults`: on the way of batchsendmsg alone unless
/// `all_commands` is true, in the histories, and with the clock.
///
/// `drop_before` and `http_502` strike before a call is counted and processed; `drop_after`, `hang`
/// and `garbage` after it, so that the caller can't know what a call came to in either case.
/// `lost_answers` does so too, and is a number: what it strikes is the same in every run.
package struct Faults: Sendable, Hashable {
    package var dropBefore = 0.0
    package var dropAfter = 0.0
    package var hang = 0.0
    package var http502 = 0.0
    package var garbage = 0.0
    package var delayInMilliseconds: ClosedRange<Double> = 0...0
    package var delayOutMilliseconds: ClosedRange<Double> = 0...0
    /// Whether other commands than batchsendmsg have these faults too.
    package var areForAllCommands = false
    package var failure: SimulatedProvider.Failure?
    /// So many next calls of batchsendmsg that accept everybody they address get no answer.
    package var lostAnswers = 0
    /// How long after its call a message is in no history yet.
    package var historyDelay = Duration.zero
    /// The chance of a message accepted now never to be in its recipient's history.
    package var historyWiped = 0.0
    /// How far the provider's clock is ahead of ours, or behind it if negative: as the `Date` of its
    /// answers and the times in its histories show it.
    package var clockOff = Duration.zero

    package init() {}

    /// How one call will go.
    package struct Course: Sendable, Hashable {
        package var ending: Ending = .answer
        package var delayIn: Duration = .zero
        package var delayOut: Duration = .zero
    }

    package enum Ending: Sendable, Hashable {
        case answer
        case dropBefore
        case dropAfter
        case hang
        case http502
        case garbage
    }

    /// Draws each fault by its own chance; of several the first in the order of time strikes.
    package func course(using random: inout some RandomNumberGenerator) -> Course {
        let chances: [(Double, Ending)] = [
            (dropBefore, .dropBefore), (http502, .http502), (dropAfter, .dropAfter), (hang, .hang),
            (garbage, .garbage),
        ]
        var course = Course()
        for (chance, ending) in chances
        where chance > 0 && Double.random(in: 0..<1, using: &random) < chance {
            course.ending = ending
            break
        }
        course.delayIn = delay(delayInMilliseconds, using: &random)
        course.delayOut = delay(delayOutMilliseconds, using: &random)
        return course
    }

    private func delay(
        _ range: ClosedRange<Double>,
        using random: inout some RandomNumberGenerator
    ) -> Duration {
        range.upperBound == 0 ? .zero : .milliseconds(Double.random(in: range, using: &random))
    }
}

extension Faults {
    /// Why a set of faults was not taken.
    package struct Fault: Error, Sendable, Hashable, CustomStringConvertible {
        package let description: String
    }

    /// Reads the JSON object of `POST /_simulator/faults`; what it leaves out is off.
    package init(_ json: JSON) throws(Fault) {
        guard let members = json.members else { throw Fault(description: "send a JSON object") }
        for member in members { try set(member.name, member.value) }
    }

    private mutating func set(_ name: String, _ value: JSON) throws(Fault) {
        switch name {
        case "drop_before": dropBefore = try Self.chance(value, name)
        case "drop_after": dropAfter = try Self.chance(value, name)
        case "hang": hang = try Self.chance(value, name)
        case "http_502": http502 = try Self.chance(value, name)
        case "garbage": garbage = try Self.chance(value, name)
        case "delay_in_ms": delayInMilliseconds = try Self.range(value, name)
        case "delay_out_ms": delayOutMilliseconds = try Self.range(value, name)
        case "all_commands": areForAllCommands = try Self.choice(value, name)
        case "fail": failure = try Self.failure(value)
        case "lost_answers": lostAnswers = try Self.count(value, name)
        case "history_delay_s": historyDelay = try Self.seconds(value, name)
        case "history_wiped": historyWiped = try Self.chance(value, name)
        case "clock_off_s": clockOff = try Self.offset(value, name)
        default: throw Fault(description: "\(name) is no fault this simulator knows")
        }
    }

    private static func chance(_ value: JSON, _ name: String) throws(Fault) -> Double {
        guard let chance = value.double, (0...1).contains(chance) else {
            throw Fault(description: "\(name) is a chance from 0 to 1")
        }
        return chance
    }

    private static func count(_ value: JSON, _ name: String) throws(Fault) -> Int {
        guard let count = value.integer, count >= 0 else {
            throw Fault(description: "\(name) is a whole number from 0")
        }
        return count
    }

    private static func seconds(_ value: JSON, _ name: String) throws(Fault) -> Duration {
        guard let seconds = value.double, (0...604_800).contains(seconds) else {
            throw Fault(description: "\(name) is a number of seconds from 0 to 604800")
        }
        return .seconds(seconds)
    }

    private static func offset(_ value: JSON, _ name: String) throws(Fault) -> Duration {
        guard let seconds = value.integer, (-604_800...604_800).contains(seconds) else {
            throw Fault(description: "\(name) is a whole number of seconds from -604800 to 604800")
        }
        return .seconds(seconds)
    }

    private static func choice(_ value: JSON, _ name: String) throws(Fault) -> Bool {
        guard let choice = value.bool else { throw Fault(description: "\(name) is true or false") }
        return choice
    }

    private static func range(_ value: JSON, _ name: String) throws(Fault) -> ClosedRange<Double> {
        let bounds = value.elements?.compactMap(\.double) ?? []
        guard bounds.count == 2, bounds[0] >= 0, bounds[0] <= bounds[1], bounds[1] <= 3_600_000
        else { throw Fault(description: "\(name) is [lowest, highest] in milliseconds") }
        return bounds[0]...bounds[1]
    }

    private static func failure(_ value: JSON) throws(Fault) -> SimulatedProvider.Failure? {
        if value.isNull { return nil }
        guard let code = value["code"]?.integer, code != 0,
            let calls = value["calls"]?.integer, calls >= 0
        else { throw Fault(description: "fail is {\"code\": not 0, \"calls\": how many}") }
        return SimulatedProvider.Failure(code: code, calls: calls)
    }
}
