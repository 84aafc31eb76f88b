/// A campaign in an order by some key; of equal keys the one created first comes first.
struct Ranked<Key: Comparable & Hashable & Sendable>: Comparable, Hashable, Sendable {
    let key: Key
    /// The order of creation.
    let order: Int64
    let id: Campaign.ID

    static func < (lhs: Ranked, rhs: Ranked) -> Bool {
        if lhs.key != rhs.key { return lhs.key < rhs.key }
        if lhs.order != rhs.order { return lhs.order < rhs.order }
        return lhs.id < rhs.id
    }
}
