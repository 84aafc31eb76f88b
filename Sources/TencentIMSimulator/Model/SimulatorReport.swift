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
    /// Calls of admin_getroammsg, each page one.
    package var lookedUp = 0
    /// Messages taken back from a recipient's history.
    package var recalled = 0
    /// Calls whose answer got lost by the fault `lost_answers`.
    package var lostAnswers = 0
    /// The recipients of those calls.
    package var unanswered = 0
    /// Recipients refused, by code; a call whose accounts could not be read counts as one, and so
    /// does any call of another command.
    package var refusals: [Int: Int] = [:]

    package init() {}

    /// The JSON of `GET /_simulator/report`.
    package var json: [UInt8] {
        JSONText.document {
            $0.field("calls", calls)
            $0.field("recipients", recipients)
            $0.field("accepted", accepted)
            $0.field("accepted_twice", acceptedTwice)
            $0.field("busiest_60s", busiestMinute)
            $0.field("busiest_1s", busiestSecond)
            $0.field("largest_packet_bytes", largestPacketBytes)
            $0.field("largest_batch", largestBatch)
            $0.field("checked", checked)
            $0.field("looked_up", lookedUp)
            $0.field("recalled", recalled)
            $0.field("lost_answers", lostAnswers)
            $0.field("unanswered", unanswered)
            $0.object("refusals") {
                for (code, count) in refusals.sorted(by: { $0.key < $1.key }) {
                    $0.field(named: String(code)) { $0.number(count) }
                }
            }
        }
    }
}
