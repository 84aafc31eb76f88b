import JSON
import Platform
import Testing
import fanoutd

@Suite struct DoctorReportTests {
    private func report(_ statuses: [Diagnosis.Status]) -> DoctorReport {
        var report = DoctorReport()
        for status in statuses { report.add(Diagnosis(.store, status, "d")) }
        return report
    }

    @Test(
        arguments: [
            ([], nil), ([.ok, .ok], nil), ([.ok, .warning], .incomplete),
            ([.warning, .fault(.unreachable), .ok], .unreachable),
            ([.fault(.tryAgain), .fault(.refused)], .tryAgain),
            ([.warning, .fault(.configuration), .fault(.tryAgain)], .configuration),
        ] as [([Diagnosis.Status], CommandFailure.Code?)]
    )
    func `the first fault decides the exit, then a warning`(
        _ statuses: [Diagnosis.Status],
        _ code: CommandFailure.Code?
    ) {
        #expect(report(statuses).code == code)
    }

    @Test func `a document has each finding and the exit`() throws {
        var report = DoctorReport()
        report.add(Diagnosis(.secretKey, .ok, "it is \"there\""))
        report.add(Diagnosis(.backupEndpoint, .warning, "no way", remedy: "see to it"))
        #expect(
            report.json
                == #"{"checks":[{"check":"secret_key","status":"ok","detail":"it is \"there\"","#
                + #""remedy":null},{"check":"backup_endpoint","status":"warning","#
                + #""detail":"no way","remedy":"see to it"}],"exit":1}"#
        )
        #expect(DoctorReport().json == #"{"checks":[],"exit":0}"#)
        _ = try JSON(parsing: Array(report.json.utf8))
    }

    @Test func `a finding is one line with its mark and its remedy`() {
        let lines = [
            Diagnosis(.clock, .ok, "agrees"), Diagnosis(.unit, .warning, "odd", remedy: "mend it"),
            Diagnosis(.tokens, .fault(.configuration), "open", remedy: "close it"),
        ].map(\.line)
        #expect(lines == ["✓ clock: agrees", "! unit: odd; mend it", "✗ tokens: open; close it"])
    }

    @Test func `what looks like a secret is in no line`() {
        let secret = String(repeating: "0123456789abcdef", count: 4)
        let finding = Diagnosis(.secretKey, .warning, "read \(secret)", remedy: "see \(secret)")
        #expect(!finding.line.contains(secret) && finding.line.contains("redacted"))
    }

    @Test func `the names of checks are what scripts go by`() {
        #expect(
            Diagnosis.Check.allCases.map(\.rawValue) == [
                "configuration", "secret_key", "tokens", "store", "unit", "clock", "network",
                "backup_endpoint", "credentials", "delivery", "webhook",
            ]
        )
    }

    @Test(
        arguments: [
            ("a: b; run: c", "; ", "a: b", "run: c"), ("a; b; c", "; ", "a; b", "c"),
            ("p is x: do y", ": ", "p is x", "do y"), ("nothing", "; ", "nothing", "see to that"),
        ]
    )
    func `a message is taken apart behind its last separator`(
        _ text: String,
        _ separator: String,
        _ problem: String,
        _ remedy: String
    ) {
        let finding = Finding(splitting: text, at: separator)
        #expect(finding == Finding(problem: problem, remedy: remedy))
    }
}
