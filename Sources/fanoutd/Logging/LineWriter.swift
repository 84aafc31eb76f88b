import Foundation
import Platform
import Synchronization
import SystemPackage

/// Lines on their way to a descriptor, which a thread of their own writes.
///
/// Whoever hands a line over never waits. A reader that stands still costs lines, never service: so
/// many bytes wait for it, further lines are lost, and once it reads again it is told how many.
package final class LineWriter: Sendable {
    private let stream: FileDescriptor
    private let byteLimit: Int
    private let lossLine: @Sendable (Int) -> String
    private let changed = NSCondition()
    private let state = Mutex(State())

    private struct State: Sendable {
        var lines: [String] = []
        /// Of the lines that wait and of those that are being written.
        var byteCount = 0
        var lostCount = 0
        var isWriting = false
        var hasThread = false
        var hasEnded = false

        var isDone: Bool { lines.isEmpty && lostCount == 0 && !isWriting }
    }

    /// `lossLine` makes the line that tells of lost ones, of their count.
    package init(
        to descriptor: CInt,
        byteLimit: Int,
        lossLine: @escaping @Sendable (Int) -> String
    ) {
        stream = FileDescriptor(rawValue: descriptor)
        self.byteLimit = byteLimit
        self.lossLine = lossLine
    }

    /// Takes a line, with its newline, or loses it.
    ///
    /// Nothing is taken after the last line, so that whoever reads the end of what was written finds
    /// that one, whatever else still runs.
    package func write(_ line: String, isLast: Bool = false) {
        let needsThread = change { state in
            guard !state.hasEnded else { return false }
            state.hasEnded = isLast
            let size = line.utf8.count
            if state.byteCount + size <= byteLimit {
                state.lines.append(line)
                state.byteCount += size
            } else {
                state.lostCount += 1
            }
            defer { state.hasThread = true }
            return !state.hasThread
        }
        if needsThread { Thread.detachNewThread { self.drain() } }
    }

    /// Waits until everything is written, but no longer than so many seconds; says whether it is.
    @discardableResult
    package func flush(seconds: Double) -> Bool {
        let deadline = Date(timeIntervalSinceNow: seconds)
        changed.lock()
        defer { changed.unlock() }
        while !state.withLock({ $0.isDone }) {
            guard changed.wait(until: deadline) else { return state.withLock { $0.isDone } }
        }
        return true
    }

    private func change<Result: Sendable>(_ body: (inout State) -> Result) -> Result {
        changed.lock()
        defer { changed.unlock() }
        let result = state.withLock { body(&$0) }
        changed.broadcast()
        return result
    }

    // MARK: The thread

    private func drain() {
        while true {
            let (lines, lostCount) = next()
            for line in lines {
                send(line)
                change { $0.byteCount -= line.utf8.count }
            }
            // What was lost came after all that had room.
            if lostCount > 0 { send(lossLine(lostCount)) }
            change { $0.isWriting = false }
        }
    }

    private func next() -> (lines: [String], lostCount: Int) {
        changed.lock()
        defer { changed.unlock() }
        while state.withLock({ $0.isDone }) { changed.wait() }
        return state.withLock { state in
            let next = (state.lines, state.lostCount)
            state.lines = []
            state.lostCount = 0
            state.isWriting = true
            return next
        }
    }

    /// One `write` for a line, as far as the reader takes it whole.
    private func send(_ line: String) {
        var rest = Array(line.utf8)[...]
        do {
            while !rest.isEmpty { rest = rest.dropFirst(try stream.writeSome(rest)) }
        } catch {
            // The reader has gone: there is nowhere left to say so.
        }
    }
}
