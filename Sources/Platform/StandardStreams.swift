import Foundation
import Glibc
import SystemPackage

/// The process's three standard streams.
package enum StandardStreams {
    /// Makes the streams safe to use: all are open, and a closed pipe is an error of the write
    /// instead of the end of the process.
    ///
    /// The next file opened takes the number of a closed stream: it may be the store, and log lines
    /// would be written into it.
    package static func prepare() {
        _ = signal(SIGPIPE, SIG_IGN)
        for descriptor in STDIN_FILENO...STDERR_FILENO
        where fcntl(descriptor, F_GETFD) < 0 && errno == EBADF {
            // `open` takes the lowest free number, which is this one: those before it are open.
            _ = unsafe open("/dev/null", O_RDWR)
        }
    }
}

/// Standard error: notes, progress and log records.
package enum StandardError {
    private static let stream = FileDescriptor.standardError

    /// Writes a text at once; a failure is ignored, since there is nowhere to report it.
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

    /// Whether it is a terminal.
    package static var isTerminal: Bool { isatty(stream.rawValue) == 1 }

    /// Whether a line can be overwritten: on a terminal that knows escape codes.
    package static var takesEscapes: Bool {
        isTerminal && knowsEscapes(ProcessInfo.processInfo.environment["TERM"])
    }

    /// Whether a terminal type (`TERM`) knows escape codes; without a type it doesn't.
    package static func knowsEscapes(_ name: String?) -> Bool {
        guard let name, !name.isEmpty else { return false }
        return name != "dumb"
    }

    /// The terminal's columns; 80 if it doesn't tell.
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

/// Standard input, as far as a person types at it.
package enum StandardInput {
    /// Whether it is a terminal.
    package static var isTerminal: Bool { isatty(STDIN_FILENO) == 1 }

    /// The next line that is typed; nil at the end of the input.
    package static func line() -> String? { readLine() }
}

/// Standard output: a command's result, and nothing else.
package enum StandardOutput {
    private static let stream = FileDescriptor.standardOutput

    /// Whether it is a terminal.
    package static var isTerminal: Bool { isatty(stream.rawValue) == 1 }

    /// Writes all bytes; a reader that closes the pipe early, as `head` does, is no fault.
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
