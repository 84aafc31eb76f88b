import ArgumentParser
import DeliveryCore
import Foundation
import Logging
import Platform
import Synchronization
import SystemdNotify
import TestSupport
import Testing
import fanoutd

@Suite struct ReloadTests {
    private let journal = Journal()

    /// A value of each key that is not its default.
    private static let others: [String: String] = [
        "http.listen": "127.0.0.1:9", "http.socketGroup": "www-data", "http.allowRemote": "true",
        "http.tokenFile": "/t", "http.tokensFile": "/ts", "http.maxBodyBytes": "2048",
        "http.gatewayMaxBodyBytes": "2048", "http.page": "false", "http.title": "Prod CN",
        "store.path": "/s", "store.minFreeBytes": "1", "store.postgres.url": "postgresql://a/b",
        "store.postgres.passwordFile": "/pw", "store.postgres.schema": "queue",
        "store.postgres.requireSynchronous": "managed", "cluster.name": "node1",
        "cluster.advertise": "https://node1.example:8443", "cluster.patienceSeconds": "20",
        "cluster.stateDirectory": "/state",
        "tencent.sdkAppId": "7", "tencent.administrator": "root", "tencent.secretKeyFile": "/k",
        "tencent.endpoint": "https://adminapisgp.im.qcloud.com",
        "tencent.backupEndpoint": "https://adminapi.my-imcloud.com", "tencent.caFile": "/ca",
        "tencent.timeoutSeconds": "5", "tencent.historyDays": "30", "jobs.checkCallsPerSecond": "7",
        "jobs.verifyCallsPerSecond": "7", "jobs.recallCallsPerSecond": "7",
        "jobs.verifySettleSeconds": "7", "limits.messagesPerMinute": "600",
        "limits.callsPerSecond": "7", "limits.burst": "7", "limits.batchAccounts": "7",
        "limits.packetBytes": "2000", "limits.maxInFlight": "256", "retry.maxAttempts": "7",
        "retry.baseSeconds": "7", "retry.capSeconds": "7", "defaults.onUnknown": "leave",
        "defaults.priority": "high",
        "defaults.sendBetween": "{from: '09:00', to: '21:00', time_zone: UTC}",
        "retention.days": "7", "log.level": "debug",
        "log.format": "json",
    ]

    @Test(arguments: ConfigurationKey.all.map(\.name))
    func `a changed key follows, or is said to wait for a restart`(_ name: String) throws {
        let key = try #require(ConfigurationKey.all.first { $0.name == name })
        let old = Configuration()
        var new = old
        let value = ConfigurationScalar(try #require(Self.others[name]), style: .plain)
        #expect(key.take(value, "/", &new) == nil)

        let present = PresentConfiguration(old)
        let change = present.take(new)
        #expect(change.taken + change.waiting == [name])
        let isTaken = key.isReloaded
        #expect(change.taken.isEmpty != isTaken)
        for other in ConfigurationKey.all {
            let expected = isTaken && other.name == name ? new : old
            #expect(other.show(change.configuration) == other.show(expected), "\(other.name)")
            #expect(other.show(present.current) == other.show(expected), "\(other.name)")
        }
        // What waits is named again by the next reload.
        #expect(present.take(new).waiting == change.waiting)
        #expect(present.take(new).taken.isEmpty)
    }

    @Test func `the dispatcher goes by the keys that follow, and by a call timeout that doesn't`() {
        var new = Configuration()
        new.limits.messagesPerMinute = 600
        new.limits.maxInFlight = 256
        new.retention.days = 0
        new.provider.timeoutSeconds = 60
        new.provider.historyDays = 30
        new.jobs.verifyCallsPerSecond = 7
        let now = PresentConfiguration(Configuration()).take(new).configuration
        #expect(now.dispatchLimits.messagesPerMinute == 600)
        #expect(now.dispatchLimits.inFlightLimit == 256)
        #expect(now.dispatchLimits.upkeep.retention == nil)
        #expect(now.dispatchLimits.historyReach == .seconds(30 * 86_400))
        #expect(now.dispatchLimits.verifiesPerSecond == 7)
        #expect(now.dispatchLimits.callTimeout == .seconds(10))
    }

    @Test func `the manager hears that it is over when the new values are in force`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let present = PresentConfiguration(try load(from: folder))
        try folder.write("secret-key", "another-secret-key")
        let yaml = Self.yaml + "  timeoutSeconds: 20\nlimits:\n  burst: 100\n"
        await reload(present) { try load(yaml, from: folder) }
        #expect(
            journal.entries == [
                "RELOADING=1\nMONOTONIC_USEC=7", "taken: burst 100",
                "notice: Configuration read again changed=tencent.secretKeyFile, limits.burst",
                "warning: limits.batchAccounts: batches are cut to 100, the least of limits.burst"
                    + " and limits.messagesPerMinute",
                "warning: Changed keys wait for a restart keys=tencent.timeoutSeconds", "READY=1",
            ]
        )
        #expect(present.current.provider.secretKey == Secret("another-secret-key"))
    }

    @Test func `a bad file changes nothing, and every fault is told on one line`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let present = PresentConfiguration(try load(from: folder))
        let before = ConfigurationKey.all.map { $0.show(present.current) }
        try folder.write("secret-key", "another-secret-key")
        let secret = String(repeating: "0123456789abcdef", count: 4)
        let yaml =
            Self.yaml + "limits:\n  burst: 100\n  batchAccounts: 0\nlog:\n  level: \(secret)\n"
        await reload(present) { try load(yaml, from: folder) }

        let path = folder.path + "/fanoutd.yaml"
        let reason =
            "the configuration has 2 faults: \(path):6: limits.batchAccounts: '0' is out of range;"
            + " give a whole number from 1 to 500 | \(path):8: log.level: a value that looks like a"
            + " secret won't do; give one of trace, debug, info, notice, warning, error, critical"
        #expect(
            journal.entries == [
                "RELOADING=1\nMONOTONIC_USEC=7",
                "error: Configuration refused, the old one stays error=\(reason)",
                "refused: \(reason)", "READY=1",
            ]
        )
        #expect(ConfigurationKey.all.map { $0.show(present.current) } == before)
        #expect(present.current.provider.secretKey == Secret("a-secret-key"))
    }

    @Test func `a reload that changes nothing says so`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        await reload(PresentConfiguration(try load(from: folder))) { try load(from: folder) }
        #expect(journal.entries.count == 4)
        #expect(journal.entries[2] == "notice: Configuration read again changed=nothing")
    }

    @Test func `the runbook names every key that waits for a restart`() throws {
        let file = TemporaryFolder.repository.appending(path: "systemd/README.md")
        let text = try String(contentsOf: file, encoding: .utf8)
        for key in ConfigurationKey.all where !key.isReloaded {
            #expect(text.contains("`\(key.name)`"), "\(key.name)")
        }
    }

    private static let yaml = "tencent:\n  sdkAppId: 1400000000\n  secretKeyFile: secret-key\n"

    /// As the daemon's own options do it.
    private func load(
        _ yaml: String = Self.yaml,
        from folder: TemporaryFolder
    ) throws -> Configuration {
        if !FileManager.default.fileExists(atPath: folder.path + "/secret-key") {
            try folder.write("secret-key", "a-secret-key")
        }
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o600],
            ofItemAtPath: folder.path + "/secret-key"
        )
        let options = try ConfigurationOptions.parse([
            "--config", try folder.write("fanoutd.yaml", yaml),
        ])
        return try options.load().configuration
    }

    private func reload(
        _ present: PresentConfiguration,
        load: @escaping @Sendable () throws -> Configuration
    ) async {
        let journal = journal
        let reload = ConfigurationReload(
            load: load,
            present: present,
            logger: LogLines { line in
                let pairs = line.metadata.sorted { $0.key < $1.key }.map { " \($0)=\($1)" }
                journal.add("\(line.level): \(line.message)\(pairs.joined())")
                return nil
            }.logger,
            effects: ConfigurationReload.Effects(
                take: { journal.add("taken: burst \($0.limits.effectiveBurst)") },
                refuse: { journal.add("refused: \($0)") },
                tell: { journal.add($0.text) }
            )
        )
        await reload.run(monotonicMicroseconds: 7)
    }
}

/// What a reload did, in order.
private final class Journal: Sendable {
    private let list = Mutex<[String]>([])

    var entries: [String] { list.withLock { $0 } }

    func add(_ entry: String) {
        list.withLock { $0.append(entry) }
    }
}
