import Platform
package import PostgresQueue

// The store on PostgreSQL, which several nodes share.
extension Configuration {
    /// Whether the store is a PostgreSQL, and this daemon one of its nodes.
    package var isShared: Bool { store.postgres.url != nil }

    /// The node's way to its queue; nil where the store is a file.
    package var postgresOptions: PostgresOptions? {
        store.postgres.url.map { url in
            PostgresOptions(
                url: url,
                password: store.postgres.password,
                schema: schema,
                synchronous: store.postgres.requireSynchronous,
                node: cluster.nodeName,
                advertise: cluster.advertise?.description,
                patience: .seconds(cluster.patienceSeconds),
                stateDirectory: cluster.folder
            )
        }
    }

    /// The schema of the app's tables.
    package var schema: String { store.postgres.schema ?? "app_\(provider.sdkAppId)" }
}

// MARK: Checks

extension Configuration {
    /// What keeps a node from starting.
    func storeConflicts(_ given: Set<String>) -> [Conflict] {
        guard isShared else { return [] }
        var conflicts: [Conflict] = []
        if given.contains(ConfigurationKey.storePathName) {
            conflicts.append(
                (
                    ConfigurationKey.storePathName,
                    "is given together with \(ConfigurationKey.urlName), and a store is one or the"
                        + " other",
                    "leave one of them out; a file's queue is taken along with: fanoutd move"
                )
            )
        }
        if http.tokenFile == nil, http.tokensFile == nil {
            conflicts.append(
                (
                    ConfigurationKey.tokenFileName,
                    "missing, and with PostgreSQL every node must go by the same tokens",
                    "give it or http.tokensFile, with the same content on all nodes; make a token"
                        + " with: openssl rand -hex 32"
                )
            )
        }
        return conflicts
    }

    /// Keys of the store that is not in use.
    var vainStoreKeys: [String] {
        let (plain, postgres) = (Self(), store.postgres)
        if isShared {
            guard store.minFreeBytes != plain.store.minFreeBytes else { return [] }
            return ["store.minFreeBytes: has no effect, the store is a PostgreSQL"]
        }
        let vain = [
            (ConfigurationKey.passwordFileName, postgres.passwordFile != nil),
            ("store.postgres.schema", postgres.schema != nil),
            (
                "store.postgres.requireSynchronous",
                postgres.requireSynchronous != plain.store.postgres.requireSynchronous
            ),
            ("cluster.name", cluster.name != nil),
            ("cluster.advertise", cluster.advertise != nil),
            (
                "cluster.patienceSeconds",
                cluster.patienceSeconds != plain.cluster.patienceSeconds
            ),
            ("cluster.stateDirectory", cluster.stateDirectory != nil),
        ]
        return vain.filter(\.1).map {
            "\($0.0): has no effect, \(ConfigurationKey.urlName) isn't given"
        }
    }
}

extension Configuration.Cluster {
    /// This node's name.
    package var nodeName: String { name ?? HostName.own ?? "node" }

    /// Where the node keeps what it must know after a restart.
    package var folder: String { stateDirectory ?? standardFolder }

    /// The folder that a service manager or the configuration's own place gives.
    package static func standardFolder(
        environment: [String: String],
        configurationFile: String
    ) -> String {
        // systemd gives as many as the unit names, and the first is the service's own.
        let first = environment["STATE_DIRECTORY"]?.split(separator: ":").first
        return first.map(String.init) ?? Path.folder(of: configurationFile)
    }
}

// MARK: Keys

extension ConfigurationKey {
    static let urlName = "store.postgres.url"
    /// The key of the database's password, of which a doctor speaks.
    static let passwordFileName = "store.postgres.passwordFile"

    static let postgres: [ConfigurationKey] = [
        .init(urlName, \.store.postgres.url, .postgres),
        .init(
            passwordFileName,
            \.store.postgres.passwordFile,
            .path("the path of a file that holds the password and nothing else")
        )
        .holding(\.store.postgres.password) { _ in "a password" }
        .reading { configuration in
            guard let path = configuration.store.postgres.passwordFile else { return [] }
            do throws(Finding) {
                configuration.store.postgres.password = try SecretFile.password(at: path)
                return []
            } catch {
                return [error]
            }
        },
        .init("store.postgres.schema", \.store.postgres.schema, schemaForm)
            .following { $0.isShared ? $0.schema : nil },
        .init("store.postgres.requireSynchronous", \.store.postgres.requireSynchronous, .choice),
    ]

    static let cluster: [ConfigurationKey] = [
        .init("cluster.name", \.cluster.name, nodeForm).otherwise { $0.cluster.nodeName },
        .init(
            "cluster.advertise",
            \.cluster.advertise,
            .text("http://HOST:PORT or https://HOST:PORT without a path") { text, _ in
                WebAddress(text)
            }
        ),
        .init("cluster.patienceSeconds", \.cluster.patienceSeconds, .number(6...60)),
        .init("cluster.stateDirectory", \.cluster.stateDirectory, .path("the path of a folder"))
            .otherwise { $0.cluster.folder },
    ]

    /// What PostgreSQL takes for a name without quotes, and doesn't cut.
    private static let schemaForm = ConfigurationForm<String>.text(
        "a name of a-z, 0-9 and _, at most 63 bytes, that begins with no digit and not with pg_"
    ) { text, _ in
        let isName = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            default: byte == UInt8(ascii: "_")
            }
        }
        let isFit = isName && text.utf8.count <= 63 && text.first?.isNumber == false
        return isFit && !text.hasPrefix("pg_") ? text : nil
    }

    /// As long as a host's name may be.
    private static let nodeNameLimit = 255

    private static let nodeForm = ConfigurationForm<String>.text(
        "a name that no other node has, at most \(nodeNameLimit) bytes without blanks"
    ) { text, _ in
        let isFit =
            text.utf8.count <= nodeNameLimit
            && text.unicodeScalars.allSatisfy { !$0.properties.isWhitespace && $0.value >= 0x20 }
        return isFit ? text : nil
    }
}

extension ConfigurationForm<String> {
    /// libpq's URL or string; what it says is never shown with a fault, since it may be a password.
    fileprivate static var postgres: Self {
        Self(
            wants: PostgresAddress.wants,
            isText: true,
            read: { scalar, _ throws(ConfigurationRefusal) in
                guard let text = scalar.string else { throw .wrongType }
                if let finding = PostgresAddress.fault(in: text) {
                    throw .parts([ConfigurationRefusal.Part(name: "", finding: finding)])
                }
                return text
            },
            show: { ConfigurationScalar.quoted($0) }
        )
    }
}
