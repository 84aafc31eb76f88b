import ArgumentParser
import Platform

/// Runs the simulator of Tencent IM alone.
struct SimulatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulator",
        abstract: "Run a stand-in for Tencent IM's batchsendmsg and its neighbours.",
        discussion: """
            An account's name scripts its fate: missing-… doesn't exist (70107), err-CODE-… always \
            gets CODE, flaky-K-CODE-… gets it K times and is accepted then, a call that holds a \
            poison-… is refused whole (90012), anything else is accepted. account_check says \
            who exists, but of unclear-CODE-…, whose item has CODE. admin_getroammsg reads the \
            history of a recipient or a sender, admin_msgwithdraw recalls from it; the last \
            million recipients are remembered. GET /_simulator/report tells what was seen, \
            POST /_simulator/faults sets delays and failures of batchsendmsg, with \
            "all_commands": true those of all four, and how the histories lag \
            ("history_delay_s") or have gaps ("history_wiped"); with "clock_off_s" its clock is \
            another than this machine's.
            """
    )

    @Option(help: ArgumentHelp("Where to listen; port 0 is a free one.", valueName: "host:port"))
    var listen = "127.0.0.1:0"

    @Option(help: ArgumentHelp("The app's SDKAppID.", valueName: "number"))
    var sdkAppId = 1_400_000_000

    @Option(
        help: ArgumentHelp(
            "The secret key that signatures must be made with; otherwise the demo's.",
            valueName: "file"
        ),
        completion: .file()
    )
    var secretKeyFile: String?

    @Option(help: ArgumentHelp("The app's administrator.", valueName: "userid"))
    var administrator = "administrator"

    @Option(
        help: ArgumentHelp("Recipients a minute; over it calls get 90057.", valueName: "number")
    )
    var quota = 12_000

    @Option(help: "How a minute is counted: rolling, minute or off.")
    var window = "rolling"

    @Flag(help: "A call that is refused whole lists its accounts with their codes.")
    var failList = false

    @Flag(
        inversion: .prefixedNo,
        help: "Over 100 account checks, 200 look-ups or 200 recalls a second get 60007."
    )
    package var callRates = true

    @Option(help: ArgumentHelp("The largest request body.", valueName: "bytes"))
    var packetBytes = 12_288

    func validate() throws {
        guard case .tcp? = ListenAddress(listen) else {
            throw ValidationError("--listen: give HOST:PORT")
        }
        guard ["rolling", "minute", "off"].contains(window) else {
            throw ValidationError("--window: give rolling, minute or off")
        }
        guard quota > 0, sdkAppId > 0, packetBytes > 0 else {
            throw ValidationError("--quota, --sdk-app-id and --packet-bytes: give numbers over 0")
        }
    }

    func run() async throws {
        try await SimulatorRun.run(self)
    }
}
