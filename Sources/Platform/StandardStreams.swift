import Foundation
import Glibc
import SystemPackage

/// What the process was started with in place of its three standard streams.
package enum StandardStreams {
    /// Makes them fit to work with: each is open, and one whose reader has gone is an error of the
    /// write and not the end of the process.
    ///
    /// A stream that is closed leaves its number to the next file that is opened, which may be the
    /// store, and log lines would be written into it.
    package static func prepare() {
        _ = signal(SIGPIPE, SIG_IGN)
        for descriptor in STDIN_FILENO...STDERR_FILENO
        where fcntl(descriptor, F_GETFD) < 0 && errno == EBADF {
            // The lowest free number is taken, which is this one: those before it are open.
            _ = unsafe open("/dev/null", O_RDWR)
        }
    }
}

/// Standard error: notes, progress and log records.
package enum StandardError {
    private static let stream = FileDescriptor.standardError

    /// Writes a text at once; what can't be written is lost, there is nowhere left to say so.
    package static func write(_ text: String) {
        do {
            try stream.writeAll(text.utf8)
        } catch {
            return
        }
    }

    package static func writeLine(_ text: String) {
        write(text + "\n")
    }

    /// Whether a person looks at it.
    package static var isTerminal: Bool { isatty(stream.rawValue) == 1 }

    /// Whether a line on it can be written over: a terminal, and one that knows escape codes.
    package static var takesEscapes: Bool {
        isTerminal && knowsEscapes(ProcessInfo.processInfo.environment["TERM"])
    }

    /// Whether a terminal of that name (`TERM`) knows escape codes; one without a name is the plainest.
    package static func knowsEscapes(_ name: String?) -> Bool {
        guard let name, !name.isEmpty else { return false }
        return name != "dumb"
    }

    /// The columns of the terminal, 80 where it doesn't say.
    package static var columns: Int {
        var size = winsize()
        guard unsafe ioctl(stream.rawValue, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
            return 80
        }
        return Int(size.ws_col)
    }

    /// Device and inode as in JOURNAL_STREAM; nil if it is closed.
    package static var identity: String? {
        do {
            let status = try stream.stat()
            return "\(status.deviceID.rawValue):\(status.inode.rawValue)"
        } catch {
            return nil
        }
    }
}

/// Standard output: what a command was asked for, and nothing else.
package enum StandardOutput {
    private static let stream = FileDescriptor.standardOutput

    /// Whether a person looks at it.
    package static var isTerminal: Bool { isatty(stream.rawValue) == 1 }

    /// Writes all of it; whoever reads may have enough, as `head` has after some lines, and then there
    /// is nothing to say.
    package static func write(_ bytes: [UInt8]) throws(CommandFailure) {
        do throws(SmallFile.Fault) {
            _ = try SmallFile.named("standard output") { try stream.writeAll(bytes) }
        } catch {
            let message = "standard output can't be written: \(error.reason)"
            throw CommandFailure(.output, error.isBrokenPipe ? "" : message)
        }
    }

    package static func write(_ text: String) throws(CommandFailure) {
        try write(Array(text.utf8))
    }

    package static func writeLine(_ text: String) throws(CommandFailure) {
        try write(text + "\n")
    }
}
