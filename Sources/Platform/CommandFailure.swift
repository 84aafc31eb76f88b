/// Why a command failed, and its exit code.
package struct CommandFailure: Error, Sendable, Hashable {
    package let code: Code
    /// For standard error; empty if everything was printed already.
    package let message: String
    /// Whether the same request may succeed later; nil if it won't.
    package var retry: Retry?
    /// Whether the daemon said that the campaign or recipient doesn't exist.
    package var isMissing = false

    package init(_ code: Code, _ message: String, retry: Retry? = nil) {
        self.code = code
        self.message = message
        self.retry = retry
    }

    /// The same failure without another try.
    package var final: CommandFailure {
        CommandFailure(code == .unreachable ? .tryAgain : code, message)
    }

    /// When to send a request again.
    package enum Retry: Sendable, Hashable {
        /// After a pause that the client chooses.
        case soon
        /// After the pause that the daemon asked for.
        case after(Duration)
    }

    /// The exit codes of `sysexits.h` that the commands use, and 1.
    package enum Code: Int32, Sendable, Hashable {
        /// Done, but not every recipient was sent.
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
