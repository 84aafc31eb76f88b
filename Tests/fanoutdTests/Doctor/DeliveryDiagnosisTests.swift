import JSON
import Platform
import Testing
import fanoutd

/// What a doctor says of the message that it sent.
@Suite struct DeliveryDiagnosisTests {
    @Test(
        arguments: [
            (.noDaemon("refused"), .warning, "nothing was sent, no daemon takes requests: refused"),
            (.refused("no room"), .warning, "the daemon sent nothing: no room"),
            (
                .pending(status: "queued"), .warning,
                "the message to 'u' is still queued, and was canceled"
            ),
            (
                .unsent(status: "failed", info: "70107 no account"), .warning,
                "the message to 'u' ended as failed: 70107 no account"
            ),
            (
                .sent(messageKey: "1_2_3", .shown(after: .seconds(2), messageKey: "1_2_3")), .ok,
                "the message to 'u' was sent, its history shows it after 2.0 s, with the call's"
                    + " MsgKey 1_2_3"
            ),
            (
                .sent(messageKey: "1_2_3", .shown(after: .seconds(2), messageKey: nil)), .ok,
                "the message to 'u' was sent, its history shows it after 2.0 s, without a MsgKey"
            ),
            (
                .sent(messageKey: "1_2_3", .shown(after: .seconds(2), messageKey: "1_2_4")),
                .warning,
                "the message to 'u' was sent, its history shows it after 2.0 s, with the MsgKey"
                    + " 1_2_4 where the call's is 1_2_3"
            ),
            (
                .sent(messageKey: "1_2_3", .absent(after: .seconds(60))), .warning,
                "the message to 'u' was sent, and its history doesn't show it within 60.0 s"
            ),
            (
                .sent(messageKey: "k", .numbersUnknown), .warning,
                "the message to 'u' was sent; can't tell whether its history shows it, the MsgKey"
                    + " 'k' has another form than MsgSeq_MsgRandom_time"
            ),
            (
                .sent(messageKey: "1_2_3", .unreadable("timeout")), .warning,
                "the message to 'u' was sent; can't tell whether its history shows it: timeout"
            ),
        ] as [(DeliverySighting, Diagnosis.Status, String)]
    )
    func `a delivery says what it learnt, and is never a fault`(
        _ sighting: DeliverySighting,
        _ status: Diagnosis.Status,
        _ detail: String
    ) {
        let finding = Diagnosis.delivery("u", sighting)
        #expect(finding.check == .delivery)
        #expect(finding.status == status && finding.detail == detail)
        #expect((finding.remedy == nil) == (status == .ok))
    }
}
