import Platform
import PostgresQueue
import Testing
import fanoutd

/// The store where it is a PostgreSQL, as a doctor sees it.
@Suite struct DatabaseDiagnosisTests {
    private func sight(
        presence: PostgresInspection.Presence = .version(11),
        fault: String? = nil,
        leader: String? = "https://node1:8443",
        epoch: Int64? = 7,
        rule: PostgresOptions.SynchronousRule = .required
    ) -> Diagnosis {
        let found = PostgresInspection(
            host: "db1",
            serverVersion: 150_004,
            presence: presence,
            synchronousFault: fault,
            leader: leader,
            epoch: epoch
        )
        return Diagnosis.database("app_1", .success(found), rule, time: .milliseconds(7))
    }

    @Test func `a sound one is one line`() {
        #expect(
            sight().line
                == "✓ store: PostgreSQL 15 at db1 takes writes, the schema app_1 has version"
                + " 11, commits wait for a second server, https://node1:8443 leads, an answer takes"
                + " 7 ms"
        )
        let new = sight(presence: .none, leader: nil, epoch: nil)
        #expect(new.status == .ok)
        #expect(new.detail.contains("the first start makes the schema app_1"))
        #expect(new.detail.contains("no node has led yet"))
        let nameless = sight(leader: nil)
        #expect(nameless.detail.contains("its leader, if there is one, has no cluster.advertise"))
    }

    @Test
    func `one copy is a warning where it isn't refused, and none of ours where it is managed`() {
        let fault = "synchronous_standby_names is empty"
        let warned = sight(fault: fault, rule: .optional)
        #expect(warned.status == .warning)
        #expect(warned.detail.hasPrefix("synchronous_standby_names is empty, so a commit may be"))
        let managed = sight(fault: fault, rule: .managed)
        #expect(managed.status == .ok)
        #expect(managed.detail.contains("the service is trusted to keep a second copy"))
    }

    @Test(
        arguments: [
            (.noLibrary(detail: "no such file"), "install libpq5"),
            (
                .notSynchronous(setting: "synchronous_standby_names is empty"),
                "set up synchronous replication"
            ),
            (.unreachable(detail: "db1: refused"), "see to the database"),
            (.newerVersion(schema: "app_1", found: 99, known: 11), "run the fanoutd that wrote it"),
        ] as [(PostgresError, String)]
    )
    func `one that can't be used is a fault of the store`(_ error: PostgresError, _ remedy: String)
    {
        let finding = Diagnosis.database("app_1", .failure(error), .required, time: .zero)
        #expect(finding.status == .fault(.tryAgain))
        #expect(finding.remedy?.hasPrefix(remedy) == true, "\(finding)")
    }

    @Test func `a folder that a node can't write to is a fault`() {
        let fault = SmallFile.Fault(path: "/s", reason: "Permission denied")
        let finding = Diagnosis.stateDirectory("/s", fault)
        #expect(finding.isFault)
        #expect(
            finding.line.hasPrefix("✗ store: cluster.stateDirectory: no file can be written in")
        )
    }
}
