import Testing
import fanoutd

@Suite struct UnitDiagnosisTests {
    private func judge(_ openFiles: Int?, _ stopTimeout: Duration?) -> [Diagnosis] {
        Diagnosis.unit(
            UnitSighting(name: "u.service", openFiles: openFiles, stopTimeout: stopTimeout),
            connections: 2_000,
            inFlight: 64,
            stopNeeded: .seconds(20)
        )
    }

    @Test func `without systemd the check is left out in so many words`() {
        let findings = Diagnosis.unit(nil, connections: 1, inFlight: 1, stopNeeded: .zero)
        #expect(findings.map(\.status) == [.ok])
        #expect(findings.first?.detail.hasPrefix("left out") == true)
    }

    @Test(
        arguments: [
            (16_384, 90, "✓ unit: u.service: LimitNOFILE 16384, TimeoutStopSec 90"),
            (2_400, 20, "✓ unit: u.service: LimitNOFILE 2400, TimeoutStopSec 20"),
            (nil, nil, "✓ unit: u.service: its limits can't be seen"),
            (
                2_399, nil,
                "! unit: u.service: LimitNOFILE 2399 leaves room for 1999 of 2000 connections;"
                    + " set LimitNOFILE=16384 by systemctl edit u.service"
            ),
            (
                200, nil,
                "! unit: u.service: LimitNOFILE 200 doesn't last for limits.maxInFlight, 64, and"
                    + " clients; set LimitNOFILE=16384 by systemctl edit u.service"
            ),
            (
                nil, 19,
                "! unit: u.service: TimeoutStopSec 19 is too short for the last call and its"
                    + " record; set TimeoutStopSec=20 or more by systemctl edit u.service"
            ),
        ] as [(Int?, Int?, String)]
    )
    func `a unit's limits are held against what connections and calls need`(
        _ openFiles: Int?,
        _ stopSeconds: Int?,
        _ line: String
    ) {
        #expect(judge(openFiles, stopSeconds.map { .seconds($0) }).map(\.line) == [line])
    }

    @Test(
        arguments: [
            ("0::/system.slice/fanoutd.service\n", "fanoutd.service"),
            ("9:cpu:/x.service\n1:name=systemd:/system.slice/f@a.service\n", "f@a.service"),
            ("0::/user.slice/user-0.slice/session-1.scope\n", nil), ("0::/\n", nil), ("", nil),
            ("0::/user.slice/user@0.service/app.slice/vte.scope\n", nil), ("odd", nil),
        ] as [(String, String?)]
    )
    func `a process's groups tell the service that it is of`(_ text: String, _ name: String?) {
        #expect(UnitSighting.unit(inGroups: text) == name)
    }

    @Test(
        arguments: [
            (
                "Max cpu time      unlimited  unlimited  seconds\nMax open files    1024  4096  files\n",
                1_024
            ),
            ("Max open files            unlimited            unlimited            files\n", nil),
            ("", nil),
        ] as [(String, Int?)]
    )
    func `a process's limits tell how many files it may open`(_ text: String, _ count: Int?) {
        #expect(UnitSighting.openFiles(inLimits: text) == count)
    }

    @Test(
        arguments: [
            ("1min 30s\n", .seconds(90)), ("90s", .seconds(90)), ("infinity", nil), ("", nil),
            ("500ms", .milliseconds(500)), ("1h 2min 3s", .seconds(3_723)), ("5", nil),
            ("2min 0.5s", .seconds(120.5)),
        ] as [(String, Duration?)]
    )
    func `a span of time is read as systemctl prints it`(_ text: String, _ span: Duration?) {
        #expect(UnitSighting.duration(ofSpan: text) == span)
    }
}
