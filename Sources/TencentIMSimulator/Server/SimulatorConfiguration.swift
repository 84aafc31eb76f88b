/// How a simulator is set up; the options of `fanoutd simulator`.
///
/// | option | property | default |
/// |---|---|---|
/// | `--listen HOST:PORT` | `host`, `port` | `127.0.0.1:0`, a free port |
/// | `--sdk-app-id N` | `sdkAppID` | 1400000000 |
/// | `--secret-key-file FILE` | `secretKey` | a fixed key for demos |
/// | `--administrator NAME` | `administrator` | `administrator` |
/// | `--quota N` | `rules.quota` | 12000 |
/// | `--window rolling\|minute\|off` | `rules.window` | `rolling` |
/// | `--fail-list` | `rules.listsFailures` | off |
/// | `--call-rates`, `--no-call-rates` | `rules.limitsCalls` | on |
/// | `--packet-bytes N` | `packetLimit` | 12288 |
package struct SimulatorConfiguration: Sendable {
    package var host = "127.0.0.1"
    /// 0 takes a free port.
    package var port = 0
    package var sdkAppID = 1_400_000_000
    package var secretKey = Self.demoSecretKey
    package var administrator = "administrator"
    package var rules = SimulatedProvider.Rules()
    /// The largest body; what is longer is refused with 93000.
    package var packetLimit = 12_288

    /// The key of demos: it protects nothing.
    package static let demoSecretKey = Array(
        "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e".utf8
    )

    package init() {}
}
