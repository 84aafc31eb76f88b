/// Where a campaign comes by some key; of equal keys the one created first.
struct Place<Key: Comparable & Hashable & Sendable>: Comparable, Hashable, Sendable {
    let key: Key
    /// The order of creation.
    let order: Int64
    let id: Campaign.ID

    static func < (lhs: Place, rhs: Place) -> Bool {
        if lhs.key != rhs.key { return lhs.key < rhs.key }
        if lhs.order != rhs.order { return lhs.order < rhs.order }
        return lhs.id < rhs.id
    }
}

extension SortedIndex {
    /// Moves a campaign from one key to another; nil is no place at all.
    mutating func move<Key>(_ id: Campaign.ID, _ order: Int64, from old: Key?, to new: Key?)
    where Element == Place<Key> {
        guard old != new else { return }
        if let old { remove(Place(key: old, order: order, id: id)) }
        if let new { insert(Place(key: new, order: order, id: id)) }
    }
}
