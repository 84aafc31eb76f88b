/// What someone may have meant by a name that isn't known.
package enum Suggestion {
    /// The candidate nearest to a name, nil if none is near.
    ///
    /// Case, `_` and `-` don't count; a section left out or mistaken counts little.
    package static func nearest(to name: String, among candidates: [String]) -> String? {
        // Nothing is spelt like this by mistake, and the distance takes as long as the text is.
        guard name.utf8.count <= 128 else { return nil }
        let folded = fold(name)
        let leaf = fold(String(name.split(separator: ".").last ?? ""))
        let ranked = candidates.map { candidate in
            let candidateLeaf = candidate.split(separator: ".").last.map(String.init) ?? candidate
            let whole = distance(folded, fold(candidate))
            let part = distance(leaf, fold(candidateLeaf)) + 1
            return (candidate: candidate, distance: min(whole, part))
        }
        guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
        return best.distance <= max(2, leaf.count / 3) ? best.candidate : nil
    }

    private static func fold(_ name: String) -> [UInt8] {
        Array(name.lowercased().utf8).filter { $0 != UInt8(ascii: "_") && $0 != UInt8(ascii: "-") }
    }

    /// Levenshtein's distance: how many bytes to insert, delete or replace.
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (index, byte) in left.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for (column, other) in right.enumerated() {
                let substituted = diagonal + (byte == other ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(substituted, diagonal + 1, row[column] + 1)
            }
        }
        return row[right.count]
    }
}
