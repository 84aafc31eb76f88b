import ArgumentParser
import DeliveryCore
import Platform
import TencentIM

/// Prints a signature for the app's administrator.
struct UserSigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "usersig",
        abstract: "Print a UserSig of the configured app, for a call by hand.",
        discussion: "Whoever has it can act as that user until it expires: treat it as a password."
    )

    @OptionGroup var options: ConfigurationOptions

    @Option(
        help: ArgumentHelp(
            "For whom; otherwise tencent.administrator.",
            valueName: "userid"
        )
    )
    var identifier: String?

    @Option(help: ArgumentHelp("How long it is good, in seconds.", valueName: "seconds"))
    var expire = 86_400

    func validate() throws {
        guard (1...15_552_000).contains(expire) else {
            throw ValidationError("--expire: give 1 to 15552000 seconds (180 days)")
        }
        guard identifier.map({ (1...UserIDs.byteLimit).contains($0.utf8.count) }) ?? true else {
            throw ValidationError("--identifier: give a UserID of 1 to 32 bytes")
        }
    }

    func run() throws {
        let configuration = try options.load().configuration
        let user = identifier ?? configuration.provider.administrator
        let signature = UserSig.sign(
            configuration.provider.credentials(of: user),
            at: SystemClock().now().timestamp.milliseconds / 1_000,
            life: Int64(expire)
        )
        try StandardOutput.writeLine(signature)
    }
}
