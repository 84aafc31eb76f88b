import Foundation
import Glibc
import Platform
import PostgresQueue
import TestSupport
import Testing
import fanoutd

/// The store on PostgreSQL, and the node, in the configuration.
@Suite struct PostgresConfigurationTests {
    private static let required = """
        tencent: {sdkAppId: 1400000000, secretKeyFile: secret-key}
        http: {tokenFile: token}

        """
    private static let url = "postgresql://fanoutd@db1,db2:6432/fanoutd?sslmode=verify-full"
    private static let password = "t0p secret ü"

    private func examine(
        _ yaml: String,
        environment: [String: String] = [:],
        required: String = required,
        mode: mode_t = 0o600
    ) throws -> (loaded: ConfigurationLoader.Loaded, faults: [String]) {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        for (name, text) in [("secret-key", "0123456789abcdef"), ("password", Self.password)] {
            let path = try folder.write(name, text + "\n")
            let changed = unsafe chmod(path, name == "password" ? mode : 0o600)
            #expect(changed == 0)
        }
        let path = try folder.write("fanoutd.yaml", required + yaml)
        let (loaded, faults) = ConfigurationLoader.examine(path, environment: environment)
        let lines = faults.map {
            $0.description.replacing(path, with: "FILE").replacing(folder.path, with: "FOLDER")
        }
        return (loaded, lines)
    }

    private static let whole = """
        store:
          postgres:
            url: \(url)
            passwordFile: password
            schema: queue
            requireSynchronous: managed
        cluster:
          name: node1
          advertise: https://node1.example:8443/
          patienceSeconds: 6.5
          stateDirectory: /var/lib/fanoutd

        """

    @Test func `a node has its options, and a store in a file has none`() throws {
        let (loaded, faults) = try examine(Self.whole)
        #expect(faults == [])
        let options = try #require(loaded.configuration.postgresOptions)
        #expect(options.url == Self.url)
        #expect(options.password == Secret(Self.password))
        #expect(options.schema == "queue")
        #expect(options.synchronous == .managed)
        #expect(options.node == "node1")
        #expect(options.advertise == "https://node1.example:8443")
        #expect(options.patience == .seconds(6.5))
        #expect(options.stateDirectory == "/var/lib/fanoutd")
        #expect(try examine("").loaded.configuration.postgresOptions == nil)
    }

    @Test func `a URL alone gives the contract's defaults`() throws {
        let yaml = "store: {postgres: {url: '\(Self.url)'}}\n"
        let (loaded, faults) = try examine(yaml)
        #expect(faults == [])
        let options = try #require(loaded.configuration.postgresOptions)
        #expect(options.password == nil && options.advertise == nil)
        #expect(options.schema == "app_1400000000")
        #expect(options.synchronous == .required)
        #expect(options.node == HostName.own)
        #expect(options.patience == .seconds(12))
        #expect(loaded.text.contains("# default: app_1400000000\n"), "\(loaded.text)")
        #expect(loaded.configuration.warnings(stopTimeout: .seconds(90)) == [])
    }

    @Test func `a node's folder is the service manager's, or the configuration's`() throws {
        let yaml = "store: {postgres: {url: '\(Self.url)'}}\n"
        let state = try examine(yaml, environment: ["STATE_DIRECTORY": "/var/lib/f:/var/lib/g"])
        #expect(state.loaded.configuration.postgresOptions?.stateDirectory == "/var/lib/f")
        let (loaded, _) = try examine(yaml)
        let folder = try #require(loaded.configuration.postgresOptions?.stateDirectory)
        #expect(folder == loaded.configuration.cluster.standardFolder)
        #expect(loaded.configuration.provider.secretKeyFile == folder + "/secret-key")
    }

    @Test func `the environment gives each key`() throws {
        let (loaded, faults) = try examine(
            "",
            environment: [
                "FANOUTD_STORE_POSTGRES_URL": "host=db1,db2 user=fanoutd dbname='the queue'",
                "FANOUTD_STORE_POSTGRES_SCHEMA": "_q1",
                "FANOUTD_STORE_POSTGRES_REQUIRE_SYNCHRONOUS": "false",
                "FANOUTD_CLUSTER_NAME": "7", "FANOUTD_CLUSTER_ADVERTISE": "http://10.0.0.7:8480",
                "FANOUTD_CLUSTER_PATIENCE_SECONDS": "60",
                "FANOUTD_CLUSTER_STATE_DIRECTORY": "/state",
            ]
        )
        #expect(faults == [])
        let options = try #require(loaded.configuration.postgresOptions)
        #expect(options.url == "host=db1,db2 user=fanoutd dbname='the queue'")
        #expect(options.schema == "_q1" && options.synchronous == .optional)
        #expect(options.node == "7" && options.advertise == "http://10.0.0.7:8480")
        #expect(options.patience == .seconds(60) && options.stateDirectory == "/state")
    }

    @Test func `what is in effect is shown without the password, and loads to itself`() throws {
        let (loaded, _) = try examine(Self.whole)
        #expect(!loaded.text.contains(Self.password))
        #expect(loaded.text.contains("\nstore:\n  # path: "), "\(loaded.text)")
        #expect(loaded.text.contains("\n  postgres:\n    url: '\(Self.url)' "), "\(loaded.text)")
        #expect(loaded.text.contains("line 6, a password (redacted)\n"), "\(loaded.text)")
        var dumped = ""
        dump(loaded.configuration, to: &dumped)
        #expect(!dumped.contains(Self.password))

        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let path = try folder.write("again.yaml", loaded.text)
        let again = ConfigurationLoader.examine(path, environment: [:]).loaded.configuration
        for key in ConfigurationKey.all {
            #expect(key.show(again) == key.show(loaded.configuration), "\(key.name)")
        }
    }

    @Test(
        arguments: [
            "postgresql://u:t0psecret@h/db", "postgres://u:t0psecret@h1,h2", "password=t0psecret",
            "host=h password = 't0psecret'", "postgresql://h/db?user=u&password=t0psecret",
            "postgresql://h/db?pass%77ord=t0psecret", #"host=a\ b password=t0psecret"#,
        ]
    )
    func `a password in the address is refused, and not repeated`(_ address: String) throws {
        let yaml = "store: {postgres: {url: \"\(address.replacing("\\", with: "\\\\"))\"}}\n"
        let faults = try examine(yaml).faults
        #expect(
            faults == [
                "FILE:3: store.postgres.url: it holds a password, which a configuration must not;"
                    + " write the password into a file that only this user can read, and name that"
                    + " with store.postgres.passwordFile"
            ]
        )
    }

    @Test(
        arguments: [
            "t0psecret", "http://u:t0psecret@h", "host", "host='h", "=h", "postgresql://h?sslmode",
            "host=h t0psecret", "postgresql://h?%zz=1",
        ]
    )
    func `what is no address is refused, and not repeated`(_ address: String) throws {
        let faults = try examine("store: {postgres: {url: \"\(address)\"}}\n").faults
        #expect(
            faults == [
                "FILE:3: store.postgres.url: the text is no address of a PostgreSQL; give libpq's URL"
                    + " or string without a password, such as postgresql://fanoutd@db1,db2/fanoutd"
            ]
        )
    }

    @Test(
        arguments: [
            "postgresql:///fanoutd?host=/run/postgresql", "postgres://h", "postgresql://u:@h",
            "postgresql://[::1]:5432/db?target_session_attrs=read-write", "service=fanoutd",
            #"host = h  dbname='it\'s' "#, "host=h passfile=/etc/pgpass",
        ]
    )
    func `libpq's other spellings are taken`(_ address: String) throws {
        let yaml = "store: {postgres: {url: \"\(address.replacing("\\", with: "\\\\"))\"}}\n"
        let (loaded, faults) = try examine(yaml)
        #expect(faults == [])
        #expect(loaded.configuration.postgresOptions?.url == address)
    }

    @Test(
        arguments: [
            ("store: {postgres: 5}\n", "store.postgres: is a section and can't have a value"),
            ("store: {postgres.url: postgres://h}\n", "store.postgres.url: unknown key; write url"),
            ("store: {postgres: {uri: x}}\n", "store.postgres.uri: unknown key; did you mean"),
            ("postgres: {url: postgres://h}\n", "postgres: unknown key; "),
            ("store: {postgres: {url: 5}}\n", "store.postgres.url: '5' is a number; give libpq's"),
            ("store: {postgres: {schema: Queue}}\n", "store.postgres.schema: 'Queue' won't do; "),
            ("store: {postgres: {schema: 1q}}\n", "store.postgres.schema: '1q' won't do; give a"),
            ("store: {postgres: {schema: pg_q}}\n", "store.postgres.schema: 'pg_q' won't do; g"),
            ("store: {postgres: {schema: q;q}}\n", "store.postgres.schema: 'q;q' won't do; give"),
            (
                "store: {postgres: {requireSynchronous: maybe}}\n",
                "store.postgres.requireSynchronous: 'maybe' won't do; give one of true, managed,"
            ),
            ("cluster: {patienceSeconds: 5}\n", "cluster.patienceSeconds: '5' is out of range; g"),
            ("cluster: {advertise: node1}\n", "cluster.advertise: 'node1' won't do; give http://"),
            ("cluster: {advertise: 'https://a/b'}\n", "cluster.advertise: 'https://a/b' won't do"),
            ("cluster: {name: 'a b'}\n", "cluster.name: 'a b' won't do; give a name that no other"),
            (
                "store: {path: q, postgres: {url: postgres://h}}\n",
                "store.path: is given together with store.postgres.url, and a store is one or the"
            ),
            (
                "store: {postgres: {url: postgres://h, passwordFile: nowhere}}\n",
                "store.postgres.passwordFile: FOLDER/nowhere can't be read"
            ),
        ]
    )
    func `a fault is named with its key, and what would do`(
        _ yaml: String,
        _ expected: String
    ) throws {
        let faults = try examine(yaml).faults
        #expect(faults.count == 1, "\(faults)")
        #expect(faults.first?.hasPrefix("FILE:3: \(expected)") == true, "\(faults)")
    }

    @Test func `tokens must be given, of either kind`() throws {
        let tencent = "tencent: {sdkAppId: 1400000000, secretKeyFile: secret-key}\n"
        let yaml = "store: {postgres: {url: postgres://h}}\n"
        #expect(
            try examine(yaml, required: tencent).faults == [
                "FILE: http.tokenFile: missing, and with PostgreSQL every node must go by the same"
                    + " tokens; give it or http.tokensFile, with the same content on all nodes; make"
                    + " a token with: openssl rand -hex 32"
            ]
        )
        var configuration = try examine(yaml).loaded.configuration
        #expect(configuration.tokenFile?.hasSuffix("/token") == true)
        configuration.http.tokenFile = nil
        #expect(configuration.tokenFile == nil)
    }

    @Test func `no node makes a token of its own`() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        var configuration = try examine(Self.whole).loaded.configuration
        let path = folder.path + "/token"
        configuration.http.tokenFile = path
        let failure = try #require(throws: CommandFailure.self) {
            try TokenFile.open(path, isShared: true)
        }
        #expect(failure.code == .configuration)
        #expect(failure.message.hasPrefix("http.tokenFile: \(path) isn't there, and no node makes"))
        #expect(throws: failure) { try TokenFile.check(configuration) }
        let made = try TokenFile.open(path)
        #expect(try TokenFile.open(path, isShared: true).token == made.token)
        try TokenFile.check(configuration)
    }

    @Test func `a password that every user can read is refused`() throws {
        #expect(
            try examine(Self.whole, mode: 0o644).faults == [
                "FILE:6: store.postgres.passwordFile: every user can read FOLDER/password; run: chmod"
                    + " o= FOLDER/password"
            ]
        )
        #expect(try examine(Self.whole, mode: 0o640).faults == [])
    }

    @Test func `keys of the store that isn't in use are said to have no effect`() throws {
        let cluster = "cluster: {name: a, patienceSeconds: 20}\n"
        let file = try examine("store: {postgres: {schema: q}}\n" + cluster).loaded.configuration
        #expect(
            file.warnings(stopTimeout: .seconds(90)) == [
                "store.postgres.schema: has no effect, store.postgres.url isn't given",
                "cluster.name: has no effect, store.postgres.url isn't given",
                "cluster.patienceSeconds: has no effect, store.postgres.url isn't given",
            ]
        )
        let yaml = "store: {minFreeBytes: 1, postgres: {url: postgres://h}}\n"
        #expect(
            try examine(yaml).loaded.configuration.warnings(stopTimeout: .seconds(90)) == [
                "store.minFreeBytes: has no effect, the store is a PostgreSQL"
            ]
        )
    }

    @Test func `another app's schema waits for a restart, unless it is named`() throws {
        var old = Configuration()
        old.provider.sdkAppId = 1
        old.store.postgres.url = "postgres://h"
        var new = old
        new.provider.sdkAppId = 2
        let change = PresentConfiguration(old).take(new)
        #expect(change.taken == ["tencent.sdkAppId"])
        #expect(change.waiting == ["store.postgres.schema"])
        old.store.postgres.schema = "queue"
        new.store.postgres.schema = "queue"
        #expect(PresentConfiguration(old).take(new).waiting == [])
        old.store.postgres.url = nil
        new.store.postgres.url = nil
        #expect(PresentConfiguration(old).take(new).waiting == [])
    }
}
