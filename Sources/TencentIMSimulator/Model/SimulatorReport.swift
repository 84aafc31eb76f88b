import JSON

/// What the simulator has seen, as the referee of a test.
package struct SimulatorReport: Sendable, Hashable {
    /// Calls of batchsendmsg received whole, whatever was answered.
    package var calls = 0
    /// Recipients addressed, by calls refused as a whole too.
    package var recipients = 0
    package var accepted = 0
    /// Recipients accepted though the same message had been accepted for them before.
    package var acceptedTwice = 0
    /// The most recipients received in any 60 seconds, by the time of their call's reception.
    package var busiestMinute = 0
    package var busiestSecond = 0
    package var largestPacketBytes = 0
    package var largestBatch = 0
    /// Accounts that were asked about by account_check.
    package var checked = 0
    /// Recipients refused, by code; a call whose accounts could not be read counts as one.
    package var refusals: [Int: Int] = [:]

    package init() {}

    /// The JSON of `GET /_simulator/report`.
    package var json: [UInt8] {
        var text = JSONText()
        text.beginObject()
        let fields = [
            ("calls", calls), ("recipients", recipients), ("accepted", accepted),
            ("accepted_twice", acceptedTwice), ("busiest_60s", busiestMinute),
            ("busiest_1s", busiestSecond), ("largest_packet_bytes", largestPacketBytes),
            ("largest_batch", largestBatch), ("checked", checked),
        ]
        for (name, value) in fields {
            text.name(name)
            text.number(value)
        }
        text.name("refusals")
        text.beginObject()
        for (code, count) in refusals.sorted(by: { $0.key < $1.key }) {
            text.name(String(code))
            text.number(count)
        }
        text.endObject()
        text.endObject()
        return text.bytes
    }
}
