import Client
import DeliveryCore
package import JSON
package import TencentIMSimulator

/// Collects the results of a demo's recipients and compares them with the expected ones.
package struct DemoReport: Sendable {
    private var groups: [Group: Tally] = [:]
    private var count = 0
    /// The first recipients that ended otherwise than they should, in words.
    private var mismatches: [String] = []
    private var mismatchCount = 0

    private struct Group: Hashable {
        let status: String
        let code: Int?
    }

    private struct Tally {
        var count = 0
        var attempts = 0
        var info = ""
    }

    private static let shownMismatches = 10
    /// The calls whose answer the simulator loses although it accepted them.
    package static let lostAnswers = 1
    /// The simulator's, in recipients a minute.
    private static let quota = SimulatorConfiguration().rules.quota ?? 0

    package init() {}

    /// Takes a recipient as the endpoint shows it.
    package mutating func add(_ row: JSON) {
        let account = row["account"]?.string ?? ""
        let group = Group(status: row["status"]?.string ?? "", code: row["code"]?.integer)
        let attempts = row["attempts"]?.integer ?? 0
        count += 1
        var tally = groups[group] ?? Tally()
        tally.count += 1
        tally.attempts += attempts
        if tally.info.isEmpty { tally.info = row["info"]?.string ?? "" }
        groups[group] = tally

        let expected = DemoAudience.expectation(of: account)
        let isRight =
            group.status == expected.status.rawValue
            && group.code.map(expected.codes.contains) == true && attempts >= expected.attempts
        if isRight { return }
        mismatchCount += 1
        guard mismatches.count < Self.shownMismatches else { return }
        let codes = expected.codes.sorted().map(String.init).joined(separator: " or ")
        mismatches.append(
            "\(account): \(group.status) \(group.code.map(String.init) ?? "without a code") after"
                + " \(attempts), not \(expected.status.rawValue) \(codes) after"
                + " \(expected.attempts) or more"
        )
    }

    /// Statuses and codes with their counts, the most frequent first.
    private var table: TextTable {
        var table = TextTable([
            .text("STATUS"), .number("CODE"), .number("RECIPIENTS"), .number("CALLS EACH"),
            .text("MEANING"),
        ])
        let sorted = groups.sorted { left, right in
            (right.value.count, left.key.status, left.key.code ?? 0)
                < (left.value.count, right.key.status, right.key.code ?? 0)
        }
        for (group, tally) in sorted {
            let tenths = (tally.attempts * 10 + tally.count / 2) / tally.count
            table.add([
                group.status, group.code.map(String.init) ?? "-", tally.count.grouped,
                "\(tenths / 10).\(tenths % 10)", tally.info,
            ])
        }
        return table
    }

    /// Table, totals and what went wrong, for standard output.
    package func text(expected: Int, seconds: Double, provider: SimulatorReport) -> String {
        var text = table.text + "\n"
        text += "\(count.grouped) recipients in \(Int(seconds.rounded())) s,"
        text += " \(provider.calls.grouped) calls, largest \(provider.largestBatch) accounts"
        text += " and \(provider.largestPacketBytes.grouped) bytes\n"
        text += "busiest 60 s at the provider: \(provider.busiestMinute.grouped) of"
        text += " \(Self.quota.grouped) recipients\n"
        for fault in faults(expected: expected, provider: provider) { text += "WRONG: \(fault)\n" }
        if isRight(expected: expected, provider: provider) {
            text += lossText(provider)
            text += "every recipient ended as it should\n"
        }
        return text
    }

    /// What became of those whose answer got lost.
    private func lossText(_ provider: SimulatorReport) -> String {
        let rest =
            switch provider.unanswered {
            case 1: "1 recipient was looked up in its history and found"
            case let count:
                "\(count.grouped) recipients were looked up in their histories and found"
            }
        return "1 answer was lost: its \(rest)\n"
    }

    package func isRight(expected: Int, provider: SimulatorReport) -> Bool {
        faults(expected: expected, provider: provider).isEmpty
    }

    private func faults(expected: Int, provider: SimulatorReport) -> [String] {
        var faults = mismatches
        if mismatchCount > mismatches.count {
            faults.append("and \((mismatchCount - mismatches.count).grouped) more")
        }
        if count != expected {
            faults.append("\(count.grouped) recipients, not \(expected.grouped)")
        }
        if provider.busiestMinute > Self.quota {
            faults.append("the quota was passed")
        }
        if provider.acceptedTwice > 0 {
            faults.append("\(provider.acceptedTwice.grouped) were sent twice")
        }
        if provider.lostAnswers != Self.lostAnswers {
            faults.append("\(provider.lostAnswers) answers were lost, not \(Self.lostAnswers)")
        }
        if provider.lookedUp < provider.unanswered {
            faults.append(
                "looked up: \(provider.lookedUp.grouped) of the \(provider.unanswered.grouped) whose"
                    + " answer was lost"
            )
        }
        return faults
    }
}
