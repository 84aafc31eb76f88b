/// Campaigns of one class that have work of one size now, by whose turn it is.
///
/// Whoever is no later than the class's clock counts as level with it, and among those the campaign
/// created first is next: so they are kept apart, by creation, from those that are ahead.
struct TurnQueue: Sendable, Equatable {
    let size: Int
    private var everyone = SortedIndex<Place<Int>>()
    private var level = SortedIndex<Place<Int>>()
    private var ahead = SortedIndex<Place<Int>>()

    init(size: Int) {
        self.size = size
    }

    var isEmpty: Bool { everyone.isEmpty }

    /// The one that was created first.
    var eldest: Place<Int>? { everyone.first }

    mutating func insert(_ id: Campaign.ID, order: Int64, time: Int, clock: Int) {
        let standing = Place(key: 0, order: order, id: id)
        everyone.insert(standing)
        if time > clock {
            ahead.insert(Place(key: time, order: order, id: id))
        } else {
            level.insert(standing)
        }
    }

    mutating func remove(_ id: Campaign.ID, order: Int64, time: Int, clock: Int) {
        let standing = Place(key: 0, order: order, id: id)
        everyone.remove(standing)
        if time > clock {
            ahead.remove(Place(key: time, order: order, id: id))
        } else {
            level.remove(standing)
        }
    }

    /// Who is next, with its time.
    func first(clock: Int) -> Place<Int>? {
        guard let place = level.first else { return ahead.first }
        return Place(key: clock, order: place.order, id: place.id)
    }

    /// The class's clock moves on.
    mutating func advance(to clock: Int) {
        while let place = ahead.first, place.key <= clock {
            ahead.remove(place)
            level.insert(Place(key: 0, order: place.order, id: place.id))
        }
    }
}
