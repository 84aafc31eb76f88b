import ArgumentParser
import DeliveryCore
import DeliveryEngine
import Foundation
import Platform

/// Looks for what could stop an instance.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check what an instance needs: files, store, unit, clock, network, credentials.",
        discussion: """
            A line for each finding, in the order in which things could stop the daemon: ✓ it is \
            well, ! it works and is odd, ✗ the instance can't work so; what would do stands behind \
            it. It may run beside the daemon and changes nothing. Run it as root or as the service's \
            user, with the environment that the service has.

            With --to it sends one message to that account, through the running daemon and before \
            other campaigns, and looks for it in the account's history until that shows it, at most \
            for jobs.verifySettleSeconds. Without --to it sends nothing.

            Exit codes: 0 all is well, 1 with warnings, and of the first ✗: 78 configuration, files \
            or clock, 75 store, 69 network, 77 credentials.
            """
    )

    @OptionGroup var options: ConfigurationOptions

    @Option(
        help: ArgumentHelp("Send one message to this account and look for it.", valueName: "userid")
    )
    var to: String?

    @Flag(help: "Print the findings as JSON, when all are made.")
    var json = false

    func validate() throws {
        guard let to else { return }
        if let fault = ProviderModule.installed.rules.accounts.fault(in: Array(to.utf8)) {
            throw ValidationError("--to: \(fault)")
        }
    }

    func run() async throws {
        let printsLines = !json
        var doctor = Doctor(
            file: options.config,
            environment: ProcessInfo.processInfo.environment,
            recipient: to.map { Account(checked: Array($0.utf8)) },
            tell: { if printsLines { try StandardOutput.writeLine($0.line) } }
        )
        try await doctor.run()
        if json { try StandardOutput.writeLine(doctor.report.json) }
        if let code = doctor.report.code { throw CommandFailure(code, "") }
    }
}
