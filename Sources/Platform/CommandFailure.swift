/// Why a command ends without having done what was asked.
package struct CommandFailure: Error, Sendable, Hashable {
    package let code: Code
    /// For standard error; empty where everything was said.
    package let message: String
    /// Whether the same request, sent again, may fare better; nil where it would not.
    package var retry: Retry?
    /// Whether the daemon said that what was asked about isn't there.
    package var isMissing = false

    package init(_ code: Code, _ message: String, retry: Retry? = nil) {
        self.code = code
        self.message = message
        self.retry = retry
    }

    /// The same failure where there can be no other try, of whatever cause.
    package var final: CommandFailure {
        CommandFailure(code == .unreachable ? .tryAgain : code, message)
    }

    /// When to send a request again.
    package enum Retry: Sendable, Hashable {
        /// After a pause of one's own choice.
        case soon
        /// After what the daemon asked for.
        case after(Duration)
    }

    /// The exit codes of `sysexits.h` that the commands use, and 1.
    package enum Code: Int32, Sendable, Hashable {
        /// Done, but not everyone was sent.
        case incomplete = 1
        case usage = 64
        case badData = 65
        case unreachable = 69
        /// Standard output can't be written.
        case output = 74
        case tryAgain = 75
        case refused = 77
        case configuration = 78
    }
}
