package import Client
import DeliveryCore
package import JSON

/// Gathers what became of a demo's recipients and compares it with what had to.
package struct DemoReport: Sendable {
    private var groups: [Group: Tally] = [:]
    package private(set) var count = 0
    /// The first recipients that ended otherwise than they should, in words.
    package private(set) var mismatches: [String] = []
    package private(set) var mismatchCount = 0

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

    package init() {}

    /// A recipient as the endpoint shows it.
    package struct Row: Sendable, Hashable {
        package let account: String
        package let status: String
        package let code: Int?
        package let info: String
        package let attempts: Int

        package init(account: String, status: String, code: Int?, info: String, attempts: Int) {
            self.account = account
            self.status = status
            self.code = code
            self.info = info
            self.attempts = attempts
        }

        package init(_ json: JSON) {
            self.init(
                account: json["account"]?.string ?? "",
                status: json["status"]?.string ?? "",
                code: json["code"]?.integer,
                info: json["info"]?.string ?? "",
                attempts: json["attempts"]?.integer ?? 0
            )
        }
    }

    package mutating func add(_ row: Row) {
        count += 1
        var tally = groups[Group(status: row.status, code: row.code)] ?? Tally()
        tally.count += 1
        tally.attempts += row.attempts
        if tally.info.isEmpty { tally.info = row.info }
        groups[Group(status: row.status, code: row.code)] = tally

        let expected = DemoAudience.expectation(of: row.account)
        let isRight =
            row.status == expected.status.rawValue && row.code.map(expected.codes.contains) == true
            && row.attempts >= expected.attempts
        if isRight { return }
        mismatchCount += 1
        guard mismatches.count < Self.shownMismatches else { return }
        let codes = expected.codes.sorted().map(String.init).joined(separator: " or ")
        mismatches.append(
            "\(row.account): \(row.status) \(row.code.map(String.init) ?? "without a code") after"
                + " \(row.attempts), not \(expected.status.rawValue) \(codes) after"
                + " \(expected.attempts) or more"
        )
    }

    /// Statuses and codes with their counts, the most frequent first.
    package var table: TextTable {
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
    package func text(expected: Int, seconds: Double, provider: ProviderView) -> String {
        var text = table.text + "\n"
        text += "\(count.grouped) recipients in \(Int(seconds.rounded())) s,"
        text += " \(provider.calls.grouped) calls, largest \(provider.largestBatch) accounts"
        text += " and \(provider.largestPacket.grouped) bytes\n"
        text += "busiest 60 s at the provider: \(provider.busiestMinute.grouped) of"
        text += " \(provider.quota.grouped) recipients\n"
        for fault in faults(expected: expected, provider: provider) { text += "WRONG: \(fault)\n" }
        if isRight(expected: expected, provider: provider) {
            text += "every recipient ended as it should\n"
        }
        return text
    }

    package func isRight(expected: Int, provider: ProviderView) -> Bool {
        faults(expected: expected, provider: provider).isEmpty
    }

    private func faults(expected: Int, provider: ProviderView) -> [String] {
        var faults = mismatches
        if mismatchCount > mismatches.count {
            faults.append("and \((mismatchCount - mismatches.count).grouped) more")
        }
        if count != expected {
            faults.append("\(count.grouped) recipients, not \(expected.grouped)")
        }
        if provider.busiestMinute > provider.quota {
            faults.append("the quota was passed")
        }
        if provider.acceptedTwice > 0 {
            faults.append("\(provider.acceptedTwice.grouped) were sent twice")
        }
        return faults
    }

    /// What the provider saw, as far as the report tells it.
    package struct ProviderView: Sendable, Hashable {
        package var calls: Int
        package var largestBatch: Int
        package var largestPacket: Int
        package var busiestMinute: Int
        package var acceptedTwice: Int
        package var quota: Int

        package init(
            calls: Int,
            largestBatch: Int,
            largestPacket: Int,
            busiestMinute: Int,
            acceptedTwice: Int,
            quota: Int
        ) {
            self.calls = calls
            self.largestBatch = largestBatch
            self.largestPacket = largestPacket
            self.busiestMinute = busiestMinute
            self.acceptedTwice = acceptedTwice
            self.quota = quota
        }
    }
}
