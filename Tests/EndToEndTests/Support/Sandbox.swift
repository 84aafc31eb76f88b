import Foundation
import Synchronization

/// A test's own folder and its children; both are gone when the test is over.
final class Sandbox: Sendable {
    let folder: String
    private let children = Mutex<[ChildProcess]>([])

    init() throws {
        folder = NSTemporaryDirectory() + "fanoutd-" + UUID().uuidString.prefix(8)
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
    }

    deinit {
        for child in children.withLock({ $0 }) { child.send(signal: SIGKILL) }
        do {
            try FileManager.default.removeItem(atPath: folder)
        } catch {
            print("\(folder) stays: \(error)")
        }
    }

    /// The program under test, built beside this test bundle.
    static let program: String = {
        let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        return own.deletingLastPathComponent().appendingPathComponent("fanoutd").path
    }()

    /// Writes a file and returns its path.
    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        let path = path(name)
        let attributes: [FileAttributeKey: Any] = [.posixPermissions: 0o600]
        guard
            FileManager.default.createFile(
                atPath: path,
                contents: Data(text.utf8),
                attributes: attributes
            )
        else { throw Failure("can't write \(path)") }
        return path
    }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    func read(_ name: String) throws -> String {
        try String(contentsOfFile: path(name), encoding: .utf8)
    }

    /// Starts a program that is killed with the sandbox if it still runs then.
    func start(
        _ arguments: [String],
        of program: String = Sandbox.program,
        name: String,
        environment: [String: String] = [:],
        input: [UInt8] = [],
        notifySocket: Socket? = nil
    ) throws -> ChildProcess {
        let inputHandle: FileHandle
        if input.isEmpty {
            inputHandle = .nullDevice
        } else {
            let text = String(decoding: input, as: UTF8.self)
            let url = URL(fileURLWithPath: try write(text, to: "input"))
            inputHandle = try FileHandle(forReadingFrom: url)
        }
        let child = try ChildProcess(
            program,
            arguments,
            name: name,
            environment: ["HOME": folder].merging(environment) { $1 },
            input: inputHandle,
            notifySocket: notifySocket
        )
        children.withLock { $0.append(child) }
        return child
    }

    /// Runs a command of the program to its end.
    func run(
        _ arguments: [String],
        environment: [String: String] = [:],
        input: [UInt8] = []
    ) throws -> ChildProcess.Ending {
        let name = "fanoutd " + arguments.joined(separator: " ")
        return try start(arguments, name: name, environment: environment, input: input)
            .waitForEnd()
    }
}
