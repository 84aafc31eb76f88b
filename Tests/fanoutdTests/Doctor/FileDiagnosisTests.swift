import Platform
import SQLiteQueue
import SystemPackage
import Testing
import fanoutd

/// What a doctor says of files: the configuration, the secrets, the store.
@Suite struct FileDiagnosisTests {
    private func fault(_ key: String) -> ConfigurationFault {
        ConfigurationFault(place: .line("f", 3), key: key, problem: "bad", remedy: "mend it")
    }

    // MARK: Configuration and secrets

    @Test(
        arguments: [
            ("limits.burst", .configuration), ("", .configuration),
            ("tencent.caFile", .configuration),
            ("tencent.secretKeyFile", .secretKey), ("http.tokensFile", .tokens),
        ] as [(String, Diagnosis.Check)]
    )
    func `a fault of a file of secrets has a check of its own`(
        _ key: String,
        _ check: Diagnosis.Check
    ) {
        #expect(Diagnosis.check(of: fault(key)) == check)
    }

    @Test func `each fault of the configuration is a line, and warnings don't matter then`() {
        let faults = [fault("limits.burst"), fault("tencent.secretKeyFile"), fault("")]
        let lines = Diagnosis.configuration("f", faults: faults, warnings: ["odd"]).map(\.line)
        #expect(
            lines == [
                "✗ configuration: f:3: limits.burst: bad; mend it",
                "✗ configuration: f:3: bad; mend it",
            ]
        )
        #expect(
            Diagnosis.lines(.secretKey, faults).map(\.line)
                == ["✗ secret_key: f:3: tencent.secretKeyFile: bad; mend it"]
        )
        #expect(
            Diagnosis.configuration("f", faults: [], warnings: ["a", "b"]).map(\.line)
                == ["! configuration: a", "! configuration: b"]
        )
        #expect(Diagnosis.configuration("f", faults: [], warnings: []).map(\.status) == [.ok])
    }

    @Test func `a secret that every user reads is a warning`() {
        let exposed = Finding(problem: "every user can read k", remedy: "run: chmod o= k")
        let lines = [[], [exposed]].map { exposures in
            Diagnosis.secretKey("k", byteCount: 64, mode: "400", exposures: exposures).map(\.line)
        }
        #expect(
            lines == [
                ["✓ secret_key: k holds 64 bytes, its mode is 400"],
                ["! secret_key: every user can read k; run: chmod o= k"],
            ]
        )
    }

    typealias Found = Result<TokenFile.Presence, CommandFailure>

    @Test(
        arguments: [
            (.success(.there), true, .ok, "t holds a token for its owner alone"),
            (.success(.missing), true, .ok, "the first start makes t"),
            (
                .success(.missing), false, .fault(.configuration),
                "http.tokenFile: the folder of t isn't there"
            ),
            (
                .success(.outOfReach), true, .warning,
                "http.tokenFile: this user can't look into the folder of t"
            ),
            (
                .failure(
                    CommandFailure(.configuration, "http.tokenFile: t: open; run: chmod 600 t")
                ),
                true, .fault(.configuration), "http.tokenFile: t: open"
            ),
            (
                .failure(CommandFailure(.tryAgain, "http.tokenFile: t: fails; look")),
                true, .fault(.configuration), "http.tokenFile: t: fails"
            ),
        ] as [(Found, Bool, Diagnosis.Status, String)]
    )
    func `a token that is missing is fine, one that others read isn't`(
        _ found: Found,
        _ hasFolder: Bool,
        _ status: Diagnosis.Status,
        _ detail: String
    ) {
        let finding = Diagnosis.tokens("t", found, hasFolder: hasFolder, furtherCount: 0)
        #expect(finding.status == status && finding.detail == detail)
        #expect((finding.remedy == nil) == (status == .ok))
    }

    @Test func `further tokens are counted`() {
        let finding = Diagnosis.tokens("t", .success(.missing), hasFolder: true, furtherCount: 2)
        #expect(finding.detail == "the first start makes t, 2 more in http.tokensFile")
    }

    // MARK: The store

    private func store(
        _ presence: StoreInspection.Presence = .version(StoreInspection.knownVersion),
        holder: Int? = nil,
        logBytes: Int = 0,
        freeBytes: Int? = 1_000,
        write: Result<Duration, SmallFile.Fault> = .success(.milliseconds(4)),
        minFreeBytes: Int = 1_000
    ) -> [Diagnosis] {
        let inspection = StoreInspection(
            presence: presence,
            holder: holder,
            logBytes: logBytes,
            freeBytes: freeBytes
        )
        return Diagnosis.store(
            "s",
            .success(inspection),
            write: write,
            minFreeBytes: minFreeBytes
        )
    }

    @Test func `a store that is well says version, holder, room, a write's time and its log`() {
        let known = StoreInspection.knownVersion
        #expect(
            store(holder: 42, logBytes: 5_000).map(\.line) == [
                "✓ store: s has version \(known), in use by a running daemon (pid 42),"
                    + " 1,000 bytes are free, a durable write takes 4 ms, its log has 5,000 bytes"
            ]
        )
        for (presence, words) in [
            (StoreInspection.Presence.none, "the first start makes s"),
            (.inLog, "s is new, all of it is still in its log"),
            (.version(1), "s has version 1, the next start makes it \(known)"),
        ] {
            let finding = store(presence, freeBytes: nil)
            #expect(finding.map(\.status) == [.ok])
            #expect(finding.first?.detail.hasPrefix(words + ", ") == true)
        }
    }

    @Test(
        arguments: [
            (Duration.microseconds(900), "under 1 ms"), (.milliseconds(999), "999 ms"),
            (.seconds(1), "1.0 s"),
        ]
    )
    func `a write's time is told as people read it`(_ time: Duration, _ text: String) {
        #expect(store(write: .success(time)).first?.detail.contains(text) == true)
    }

    @Test func `room below the limit is a fault that tells both figures`() {
        #expect(store(freeBytes: 1_000, minFreeBytes: 1_000).map(\.status) == [.ok])
        let short = store(freeBytes: 999, minFreeBytes: 1_000)
        #expect(short.map(\.status) == [.fault(.tryAgain)])
        #expect(short.first?.detail.contains("999 bytes are free") == true)
        #expect(short.first?.detail.contains("under 1000") == true)
        #expect(store(freeBytes: 0, minFreeBytes: 0).map(\.status) == [.ok])
    }

    @Test func `a slow disk and a long log are warnings, each in its own line`() {
        let limit = Diagnosis.logLimit
        let statuses = [
            store(write: .success(Diagnosis.writeLimit)), store(logBytes: limit),
            store(logBytes: limit + 1), store(write: .success(.milliseconds(1_001))),
            store(holder: 7, logBytes: limit + 1, write: .success(.seconds(2))),
        ].map { $0.map(\.status) }
        #expect(statuses == [[.ok], [.ok], [.warning], [.warning], [.warning, .warning]])
    }

    @Test(
        arguments: [
            (Errno.permissionDenied, "run this as root or the service's user"),
            (.noSuchFileOrDirectory, "make it, for the service's user"),
            (.noSpace, "see to its disk"),
        ]
    )
    func `a folder that takes no file is a fault`(_ code: Errno, _ remedy: String) {
        let findings = store(write: .failure(SmallFile.Fault(path: "f", code)))
        #expect(findings.map(\.status) == [.fault(.tryAgain)])
        #expect(findings.first?.remedy?.hasPrefix(remedy) == true)
    }

    @Test(
        arguments: [
            (.newerVersion(path: "s", found: 99, known: 7), "run the fanoutd that wrote it"),
            (.foreign(path: "s"), "give another store.path"),
            (.damaged(path: "s", detail: "it is no SQLite database"), "restore a backup"),
            (.diskFailed(path: "s", detail: "Permission denied"), "free some room on its disk"),
        ] as [(StoreError, String)]
    )
    func `a file that can't be the store is a fault of the store`(
        _ error: StoreError,
        _ remedy: String
    ) {
        let findings = Diagnosis.store(
            "s",
            .failure(error),
            write: .success(.zero),
            minFreeBytes: 0
        )
        #expect(findings.map(\.status) == [.fault(.tryAgain)])
        #expect(findings.first?.detail.hasPrefix("store.path: s ") == true)
        #expect(findings.first?.remedy?.hasPrefix(remedy) == true, "\(findings)")
    }
}
