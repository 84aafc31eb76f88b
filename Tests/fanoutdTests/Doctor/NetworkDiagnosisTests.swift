import Client
import DeliveryCore
import Platform
import Testing
import fanoutd

/// What a doctor says of clock, endpoints and credentials.
@Suite struct NetworkDiagnosisTests {
    private let address = WebAddress(isSecure: true, host: "im.example", port: nil)

    private func sighting(
        lead: Duration? = nil,
        _ failure: EndpointSighting.Failure? = nil
    ) -> EndpointSighting {
        var sighting = EndpointSighting(address: address)
        sighting.steps = [.init(.lookUp, .milliseconds(3)), .init(.connection, .milliseconds(20))]
        sighting.clockLead = lead
        sighting.failure = failure
        return sighting
    }

    @Test(
        arguments: [
            (0, .ok, "agrees with that of im.example"),
            (1_999, .ok, "agrees with that of im.example"),
            (30_000, .ok, "30 s ahead of that of im.example"),
            (-60_000, .ok, "60 s behind that of im.example"),
            (60_001, .warning, "60 s ahead of that of im.example"),
            (-61_000, .warning, "61 s behind that of im.example"),
            (300_000, .warning, "5 min ahead of that of im.example"),
            (300_001, .fault(.configuration), "5 min ahead of that of im.example"),
            (-3_600_000, .fault(.configuration), "60 min behind that of im.example"),
            (86_400_000, .fault(.configuration), "24 h ahead of that of im.example"),
        ] as [(Int, Diagnosis.Status, String)]
    )
    func `a clock is odd over a minute and a fault over five`(
        _ milliseconds: Int,
        _ status: Diagnosis.Status,
        _ detail: String
    ) {
        let finding = Diagnosis.clock(sighting(lead: .milliseconds(milliseconds)))
        #expect(finding.status == status && finding.detail == detail)
        #expect((finding.remedy == nil) == (status == .ok))
    }

    @Test func `an answer without a time leaves the clock open`() {
        #expect(Diagnosis.clock(sighting()).status == .warning)
    }

    @Test(
        arguments: [
            (10_000, 10_000, 9, 500), (10_000, 12_000, 10, 500), (0, 0, 60, -60_500),
        ] as [(Int64, Int64, Int64, Int)]
    )
    func `a lead counts from the middle of the call and of the second told`(
        _ asked: Int64,
        _ answered: Int64,
        _ told: Int64,
        _ lead: Int
    ) {
        var sighting = sighting()
        sighting.note(
            providerTime: told,
            asked: Timestamp(milliseconds: asked),
            answered: Timestamp(milliseconds: answered)
        )
        #expect(sighting.clockLead == .milliseconds(lead))
    }

    @Test func `an endpoint that answers tells the time of each step`() {
        let finding = Diagnosis.endpoint(.network, sighting(), key: "k")
        #expect(finding.line == "✓ network: https://im.example answers: DNS 3 ms, TCP 20 ms")
    }

    @Test(
        arguments: [
            (
                .init(.lookUp, .unknownHost), "DNS fails (the host's name isn't known)",
                "name server"
            ),
            (.init(.connection, .refused), "TCP fails (connection refused)", "firewall"),
            (.init(.connection, .timedOut), "TCP fails (no answer in time)", "firewall"),
            (.init(.handshake, .untrusted), "TLS fails (its certificate isn't trusted)", "caFile"),
            (.init(.handshake, .noTLS), "TLS fails (what answers there is not TLS)", "speaks TLS"),
            (.init(.answer, .noHTTP), "HTTP fails (what answers there is not HTTP)", "port"),
            (.init(.answer, .broken), "HTTP fails (the connection was closed)", "proxy"),
        ] as [(EndpointSighting.Failure, String, String)]
    )
    func `an endpoint is needed, a backup isn't, and each step has its remedy`(
        _ failure: EndpointSighting.Failure,
        _ words: String,
        _ remedy: String
    ) {
        let sighting = sighting(failure)
        let first = Diagnosis.endpoint(.network, sighting, key: "k")
        #expect(first.status == .fault(.unreachable))
        #expect(first.detail == "k: https://im.example can't be reached, \(words)")
        #expect(first.remedy?.contains(remedy) == true, "\(first.line)")
        let backup = Diagnosis.endpoint(.backupEndpoint, sighting, key: "k")
        #expect(backup.status == .warning && backup.detail == first.detail)
    }

    @Test(
        arguments: [
            (.answered(missing: [], unclear: []), .ok),
            (.answered(missing: [Account("admin")], unclear: []), .fault(.refused)),
            (.answered(missing: [], unclear: [Account("admin")]), .warning),
            (.refused(.credentials, code: 70_009, text: "t"), .fault(.refused)),
            (.refused(.credentialsExpired, code: 70_001, text: "t"), .fault(.refused)),
            (.refused(.throttled(atLeast: .seconds(60)), code: 70_050, text: "t"), .warning),
            (.refused(.retryable, code: 91_000, text: "t"), .warning),
            (.notSent("no connection"), .fault(.unreachable)),
            (.unknown(.timeout), .fault(.unreachable)),
            (.unknown(.connectionLost), .fault(.unreachable)),
            (.unknown(.http(status: 502)), .fault(.unreachable)),
            (.unknown(.unreadable), .fault(.unreachable)),
            (.unknown(.service(code: 70_500)), .warning),
            (.unknown(.clockOff(seconds: 400)), .warning),
            (.unknown(.unlisted(code: 5)), .warning), (.unknown(.interrupted), .warning),
        ] as [(CheckOutcome, Diagnosis.Status)]
    )
    func `the provider's answer decides about the credentials`(
        _ outcome: CheckOutcome,
        _ status: Diagnosis.Status
    ) {
        let finding = Diagnosis.credentials(Account("admin"), outcome) { "remedy for \($0)" }
        #expect(finding.status == status, "\(finding.line)")
        #expect((finding.remedy == nil) == (status == .ok))
        if case .refused(_, let code, _) = outcome, status == .fault(.refused) {
            #expect(finding.remedy == "remedy for \(code)")
            #expect(finding.detail == "a call was refused with \(code): t")
        }
    }
}
