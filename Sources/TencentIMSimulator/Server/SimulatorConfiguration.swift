/// How a simulator is set up; the options of `fanoutd simulator`.
///
/// | option | property | default |
/// |---|---|---|
/// | `--listen HOST:PORT` | `host`, `port` | `127.0.0.1:0`, a free port |
/// | `--sdk-app-id N` | `sdkAppID` | 1400000000 |
/// | `--secret-key-file FILE` | `secretKey` | a fixed key for demos |
/// | `--administrator NAME` | `administrator` | `administrator` |
/// | `--quota N` | `quota` | 12000 |
/// | `--window rolling\|minute\|off` | `window` | `rolling` |
/// | `--fail-list` | `listsFailures` | off |
/// | `--packet-bytes N` | `packetLimit` | 12288 |
package struct SimulatorConfiguration: Sendable {
    package var host: String
    /// 0 takes a free port.
    package var port: Int
    package var sdkAppID: Int
    package var secretKey: [UInt8]
    package var administrator: String
    /// Recipients in a minute; nil, like the window `off`, is no quota.
    package var quota: Int?
    package var window: QuotaWindow
    /// A call of which nothing is accepted lists its accounts with their codes.
    package var listsFailures: Bool
    /// The largest body; what is longer is refused with 93000.
    package var packetLimit: Int

    /// The key of demos: it protects nothing.
    package static let demoSecretKey = Array(
        "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e".utf8
    )

    package init(
        host: String = "127.0.0.1",
        port: Int = 0,
        sdkAppID: Int = 1_400_000_000,
        secretKey: [UInt8] = Self.demoSecretKey,
        administrator: String = "administrator",
        quota: Int? = 12_000,
        window: QuotaWindow = .rolling,
        listsFailures: Bool = false,
        packetLimit: Int = 12_288
    ) {
        self.host = host
        self.port = port
        self.sdkAppID = sdkAppID
        self.secretKey = secretKey
        self.administrator = administrator
        self.quota = quota
        self.window = window
        self.listsFailures = listsFailures
        self.packetLimit = packetLimit
    }
}
