/// Distinct values in their order: the first is at hand, and any goes in or out without a look at
/// all the others.
///
/// Sorted pieces of a bounded size, one behind the other: a binary search finds the piece and the
/// place in it, and only that piece moves. Pieces that have shrunk aren't joined again: there are
/// never more of them than the most values it held make full.
package struct SortedIndex<Element: Comparable & Hashable & Sendable>: Sendable {
    /// Some 200 bytes to move on average for an insertion of a few words, and for 100,000 values
    /// under 1,000 pieces.
    private static var pieceLimit: Int { 256 }

    private var pieces: [[Element]] = []
    package private(set) var count = 0

    package init() {}

    package var isEmpty: Bool { count == 0 }

    package var first: Element? { pieces.first?.first }

    package func contains(_ element: Element) -> Bool {
        let piece = piece(for: element)
        guard piece < pieces.count else { return false }
        let index = Self.index(of: element, in: pieces[piece])
        return index < pieces[piece].count && pieces[piece][index] == element
    }

    /// Takes in a value that it doesn't hold.
    package mutating func insert(_ element: Element) {
        count += 1
        guard !pieces.isEmpty else {
            pieces.append([element])
            return
        }
        // What comes after everything goes into the last piece.
        let piece = Swift.min(piece(for: element), pieces.count - 1)
        let index = Self.index(of: element, in: pieces[piece])
        precondition(
            index == pieces[piece].count || pieces[piece][index] != element,
            "\(element) is in the index already"
        )
        pieces[piece].insert(element, at: index)
        guard pieces[piece].count > Self.pieceLimit else { return }
        let half = pieces[piece].count / 2
        pieces.insert(Array(pieces[piece][half...]), at: piece + 1)
        pieces[piece].removeLast(pieces[piece].count - half)
    }

    /// Lets go of a value that it holds.
    package mutating func remove(_ element: Element) {
        let piece = piece(for: element)
        precondition(piece < pieces.count, "\(element) isn't in the index")
        let index = Self.index(of: element, in: pieces[piece])
        precondition(
            index < pieces[piece].count && pieces[piece][index] == element,
            "\(element) isn't in the index"
        )
        count -= 1
        pieces[piece].remove(at: index)
        if pieces[piece].isEmpty { pieces.remove(at: piece) }
    }

    /// The first piece that doesn't end before a value.
    private func piece(for element: Element) -> Int {
        Self.search(pieces.count) { piece in
            guard let last = pieces[piece].last else { return false }
            return last < element
        }
    }

    private static func index(of element: Element, in piece: [Element]) -> Int {
        search(piece.count) { piece[$0] < element }
    }

    /// The first of so many places that isn't before the one looked for.
    private static func search(_ count: Int, isBefore: (Int) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if isBefore(middle) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension SortedIndex: Sequence {
    package func makeIterator() -> some IteratorProtocol<Element> {
        pieces.joined().makeIterator()
    }
}

extension SortedIndex: Equatable {
    /// How the values are cut into pieces is no part of them.
    package static func == (lhs: Self, rhs: Self) -> Bool {
        lhs.count == rhs.count && lhs.elementsEqual(rhs)
    }
}
