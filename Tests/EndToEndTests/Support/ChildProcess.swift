import Dispatch
import Foundation
import Glibc

/// A child of the tests: what it wrote, what it told its service manager, how it ended.
final class ChildProcess: Sendable {
    let name: String
    let processID: pid_t
    private let state: Monitor<State>

    /// Far more than anything takes; whoever waits so long has found a fault.
    static let patience = 120.0

    struct State: Sendable {
        var output: [UInt8] = []
        var errors: [UInt8] = []
        var notices: [String] = []
        var exitCode: Int32?
        /// Set for an end by a signal, which is then the exit code.
        var wasKilled = false
        /// Output and errors that have not ended yet.
        var openStreams = 2

        var hasEnded: Bool { exitCode != nil && openStreams == 0 }
    }

    /// How a child ended.
    struct Ending: Sendable {
        let exitCode: Int32
        let wasKilled: Bool
        let output: String
        let errors: String
    }

    /// Starts a program.
    ///
    /// Its environment is what is given here and PATH, nothing else.
    init(
        _ program: String,
        _ arguments: [String],
        name: String,
        environment: [String: String] = [:],
        input: FileHandle = .nullDevice,
        notifySocket: Socket? = nil
    ) throws {
        self.name = name
        let state = Monitor(State())
        self.state = state
        let (output, errors) = (Pipe(), Pipe())
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        process.environment = ["PATH": path].merging(environment) { $1 }
        process.standardInput = input
        process.standardOutput = output
        process.standardError = errors
        process.terminationHandler = { process in
            state.change {
                $0.exitCode = process.terminationStatus
                $0.wasKilled = process.terminationReason == .uncaughtSignal
            }
            notifySocket?.shutDown()
        }
        try process.run()
        processID = process.processIdentifier
        Self.collect(output.fileHandleForReading) { bytes in
            state.change { $0.output += bytes }
        } atEnd: {
            state.change { $0.openStreams -= 1 }
        }
        Self.collect(errors.fileHandleForReading) { bytes in
            state.change { $0.errors += bytes }
        } atEnd: {
            state.change { $0.openStreams -= 1 }
        }
        if let notifySocket {
            Thread.detachNewThread { Self.listen(to: notifySocket, state) }
        }
    }

    private static func collect(
        _ handle: FileHandle,
        _ take: @escaping @Sendable (Data) -> Void,
        atEnd: @escaping @Sendable () -> Void
    ) {
        Thread.detachNewThread {
            while true {
                let bytes = handle.availableData
                if bytes.isEmpty { return atEnd() }
                take(bytes)
            }
        }
    }

    private static func listen(to socket: Socket, _ state: Monitor<State>) {
        while state.current.exitCode == nil {
            do {
                let notice = String(decoding: try socket.receive(), as: UTF8.self)
                guard !notice.isEmpty else { return }
                state.change { $0.notices += notice.split(separator: "\n").map(String.init) }
            } catch {
                return
            }
        }
    }

    // MARK: Waiting

    /// Waits until it has told its service manager something.
    func waitForNotice(_ notice: String) throws {
        try wait(for: notice) { $0.notices.contains(notice) ? true : nil }
    }

    /// Waits until it has told its service manager something so many times more.
    func waitForNotices(_ notice: String, more: Int) throws {
        try waitForNotices(notice, count: notices.count { $0 == notice } + more)
    }

    /// Waits until it has told its service manager something so many times since its start.
    func waitForNotices(_ notice: String, count: Int) throws {
        try wait(for: "more of \(notice)") { state in
            state.notices.count { $0 == notice } >= count ? true : nil
        }
    }

    /// Waits until something that it says many times a second hasn't come for some seconds.
    ///
    /// A slow machine makes it pass too early, never fail.
    func waitForSilence(_ notice: String) throws {
        for _ in 0..<Int(Self.patience) {
            let count = notices.count { $0 == notice }
            let next = state.wait(seconds: 3) { state in
                state.notices.count { $0 == notice } > count ? true : nil
            }
            if next == nil { return }
        }
        throw Failure("\(name) goes on with \(notice)\n\(account)")
    }

    /// Waits for the first whole line on standard output.
    func firstLine() throws -> String {
        try wait(for: "a line on standard output") { state in
            state.output.firstIndex(of: 0x0A).map {
                String(decoding: state.output[..<$0], as: UTF8.self)
            }
        }
    }

    /// Waits until standard output holds a text.
    func waitForOutput(_ text: String) throws {
        try wait(for: "'\(text)' on standard output") { state in
            String(decoding: state.output, as: UTF8.self).contains(text) ? true : nil
        }
    }

    /// Waits until standard error holds a text.
    func waitForErrors(_ text: String) throws {
        try wait(for: "'\(text)' on standard error") { state in
            String(decoding: state.errors, as: UTF8.self).contains(text) ? true : nil
        }
    }

    @discardableResult
    private func wait<Found>(for what: String, _ find: (State) -> Found?) throws -> Found {
        let found = state.wait(seconds: Self.patience) { state -> Found?? in
            if let found = find(state) { return .some(found) }
            return state.hasEnded ? .some(nil) : nil
        }
        guard let found, let found else { throw Failure("\(name): no \(what)\n\(account)") }
        return found
    }

    /// Waits for its end.
    func waitForEnd() throws -> Ending {
        let ended = state.wait(seconds: Self.patience) { $0.hasEnded ? $0 : nil }
        guard let ended, let exitCode = ended.exitCode else {
            throw Failure("\(name) doesn't end\n\(account)")
        }
        return Ending(
            exitCode: exitCode,
            wasKilled: ended.wasKilled,
            output: String(decoding: ended.output, as: UTF8.self),
            errors: String(decoding: ended.errors, as: UTF8.self)
        )
    }

    // MARK: Asking and telling

    func send(signal: CInt) {
        guard state.current.exitCode == nil else { return }
        kill(processID, signal)
    }

    /// Sends a signal so many microseconds from now, if it still runs then.
    ///
    /// Whatever it does then: the moment is as random as the machine's own pace.
    func send(signal: CInt, inMicroseconds delay: Int) {
        DispatchQueue.global().asyncAfter(deadline: .now() + .microseconds(delay)) {
            self.send(signal: signal)
        }
    }

    /// What it told its service manager so far.
    var notices: [String] { state.current.notices }

    /// Everything it wrote, for a failed test.
    var account: String {
        let state = state.current
        let ending = state.exitCode.map { "\(state.wasKilled ? "signal" : "exit code") \($0)" }
        return """
            \(name) (\(processID)): \(ending ?? "still running")
            --- standard output
            \(String(decoding: state.output.suffix(4_000), as: UTF8.self))
            --- standard error
            \(String(decoding: state.errors.suffix(8_000), as: UTF8.self))
            """
    }

    /// The most memory it has had resident, in bytes.
    func peakMemory() throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(processID)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        guard let kilobytes = line?.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { throw Failure("no VmHWM in /proc/\(processID)/status") }
        return kilobytes * 1_024
    }
}
