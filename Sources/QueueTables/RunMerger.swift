import DeliveryCore
import Glibc
import Platform
import SystemPackage

/// Hands out the accounts of many sorted runs in the order of their bytes, a slice at a time.
///
/// A tournament finds the next one: only the matches of the run that has won last are played again.
package struct RunMerger: Sendable {
    private let file: ScratchFile
    private var runs: [RunCursor]
    /// The loser of each match, by its node; at 0 the run that has won them all.
    private var losers: [Int]
    /// A piece of each run.
    private var pieces: [UInt8]
    /// How many bytes all accounts share at their start.
    private let commonCount: Int

    /// The bytes of a run that are in memory: thirty-two runs take a megabyte.
    private static let pieceSize = 32_768
    private static let none = -1

    init(_ runs: [RunSpill.Run], in file: ScratchFile) throws {
        self.file = file
        self.runs = runs.indices.map { RunCursor(runs[$0].place, piece: $0 * Self.pieceSize) }
        losers = Array(repeating: Self.none, count: max(1, runs.count))
        pieces = Array(repeating: 0, count: runs.count * Self.pieceSize)
        commonCount = Self.commonCount(of: runs.map(\.commonPrefix))
        try unsafe withPieces { merger, pieces in
            for run in merger.runs.indices {
                try unsafe merger.runs[run].fill(pieces, Self.pieceSize, from: merger.file)
                try unsafe merger.runs[run].read(pieces, behind: merger.commonCount)
                unsafe merger.play(run, pieces)
            }
        }
    }

    /// The next accounts, at most so many; none at the end.
    package mutating func next(_ count: Int) throws -> SortedRun {
        var accounts = AccountRun()
        try unsafe withPieces { merger, pieces in
            while accounts.count < count, let run = merger.losers.first, run != Self.none,
                !merger.runs[run].isOver
            {
                unsafe accounts.append(unsafe: merger.runs[run].account(in: pieces))
                merger.runs[run].advance()
                if unsafe !merger.runs[run].hasWhole(in: pieces) {
                    try unsafe merger.runs[run].fill(pieces, Self.pieceSize, from: merger.file)
                }
                try unsafe merger.runs[run].read(pieces, behind: merger.commonCount)
                unsafe merger.play(run, pieces)
            }
        }
        return SortedRun(sorted: accounts)
    }

    /// Lends the pieces' memory, which has one owner while it changes.
    private mutating func withPieces(
        _ body: (inout RunMerger, UnsafeMutableRawBufferPointer) throws -> Void
    ) rethrows {
        var pieces = pieces
        self.pieces = []
        defer { self.pieces = pieces }
        try unsafe pieces.withUnsafeMutableBytes { try unsafe body(&self, $0) }
    }

    /// Plays a run's matches, from its own up to the last.
    private mutating func play(_ run: Int, _ pieces: UnsafeMutableRawBufferPointer) {
        var winner = run
        var node = (run + runs.count) / 2
        while node > 0 {
            if losers[node] == Self.none {
                losers[node] = winner
                return
            }
            if unsafe runs[losers[node]].precedes(runs[winner], in: pieces) {
                swap(&losers[node], &winner)
            }
            node /= 2
        }
        losers[0] = winner
    }

    /// How many bytes all of some texts share at their start.
    private static func commonCount(of prefixes: [[UInt8]]) -> Int {
        guard let first = prefixes.first else { return 0 }
        return prefixes.dropFirst().reduce(first.count) { common, prefix in
            zip(first.prefix(common), prefix).prefix { $0 == $1 }.count
        }
    }
}

/// Where a merge is in one of its runs.
private struct RunCursor: Sendable {
    /// What of the run is still only in the file.
    private var unread: Range<Int>
    /// Where its piece begins in memory, and where what was read into it ends.
    private let piece: Int
    private var end: Int
    /// Where the present account is in memory: behind the byte with its length.
    private var present: Range<Int>
    /// Eight bytes of the present account as a number.
    private var key: UInt64 = 0

    init(_ place: Range<Int>, piece: Int) {
        unread = place
        self.piece = piece
        end = piece
        present = piece..<piece
    }

    /// Whether the present account is behind the last one.
    var isOver: Bool { present.isEmpty }

    func account(in pieces: UnsafeMutableRawBufferPointer) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(rebasing: pieces[present])
    }

    /// Goes behind the present account; the next one's length is read by `read`.
    mutating func advance() { present = present.upperBound..<present.upperBound }

    /// Whether the whole account behind `advance` is in memory.
    func hasWhole(in pieces: UnsafeMutableRawBufferPointer) -> Bool {
        let start = present.upperBound
        return unsafe start < end && start + 1 + Int(pieces[start]) <= end
    }

    /// Reads on in the file, behind what of the piece is left.
    mutating func fill(
        _ pieces: UnsafeMutableRawBufferPointer,
        _ size: Int,
        from file: ScratchFile
    ) throws {
        let left = unsafe UnsafeRawBufferPointer(rebasing: pieces[present.upperBound..<end])
        let room = piece..<(piece + size)
        unsafe UnsafeMutableRawBufferPointer(rebasing: pieces[room]).copyMemory(from: left)
        present = piece..<piece
        end = piece + left.count
        while !unread.isEmpty, end < room.upperBound {
            let wanted = end..<min(room.upperBound, end + unread.count)
            let count = try unsafe file.read(
                at: unread.lowerBound,
                into: UnsafeMutableRawBufferPointer(rebasing: pieces[wanted])
            )
            guard count > 0 else { throw Self.damage }
            end += count
            unread = (unread.lowerBound + count)..<unread.upperBound
        }
    }

    /// The file isn't as it was written.
    private static var damage: Errno { .ioError }

    /// Makes the account behind `advance` the present one; the run is over where there is none.
    mutating func read(_ pieces: UnsafeMutableRawBufferPointer, behind commonCount: Int) throws {
        let start = present.upperBound
        guard start < end else {
            present = start..<start
            key = .max
            return
        }
        let length = unsafe Int(pieces[start])
        guard length > 0, start + 1 + length <= end else { throw Self.damage }
        present = (start + 1)..<(start + 1 + length)
        key = unsafe account(in: pieces).key(behind: commonCount)
    }

    /// Whether its account comes before another's; one that is over comes last.
    @inline(__always)
    func precedes(_ other: RunCursor, in pieces: UnsafeMutableRawBufferPointer) -> Bool {
        if key != other.key { return key < other.key }
        if isOver || other.isOver { return !isOver }
        return unsafe account(in: pieces).precedes(other.account(in: pieces))
    }
}
