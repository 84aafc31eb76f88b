/// The campaigns of a class that want a share of the quota, by their own caps.
struct ClassDemand: Sendable, Equatable {
    private var uncapped = 0
    /// How many campaigns have which cap.
    private var capped: [Int: Int] = [:]

    mutating func add(cap: Int?) {
        guard let cap else {
            uncapped += 1
            return
        }
        capped[cap, default: 0] += 1
    }

    mutating func remove(cap: Int?) {
        guard let cap else {
            uncapped -= 1
            return
        }
        capped[cap] = capped[cap].flatMap { $0 > 1 ? $0 - 1 : nil }
    }

    private var isEmpty: Bool { uncapped == 0 && capped.isEmpty }

    /// The most that all of them together can take of a minute; nil without bound.
    private var total: Double? {
        uncapped > 0 ? nil : capped.reduce(0) { $0 + Double($1.key) * Double($1.value) }
    }

    /// What a campaign without a cap gets of the class's share: one that is capped below an equal
    /// part leaves the rest to the others.
    private func part(of share: Double) -> Double {
        var (rest, count) = (share, uncapped + capped.values.reduce(0, +))
        for (cap, number) in capped.sorted(by: { $0.key < $1.key }) {
            guard count > number, Double(cap) < rest / Double(count) else { break }
            rest -= Double(cap) * Double(number)
            count -= number
        }
        return rest / Double(max(1, count))
    }

    /// The share of the quota that a campaign of a class gets beside all others, before its own cap.
    ///
    /// Classes share by their weights; one whose campaigns are all capped below that leaves the rest.
    static func share(
        of priority: Priority,
        in demands: [Priority: ClassDemand],
        quota: Double
    ) -> Double {
        var rest = quota
        var classes = Priority.allCases.filter { demands[$0].map { !$0.isEmpty } ?? false }
        while true {
            let weights = Double(classes.reduce(0) { $0 + $1.weight })
            let modest = classes.first { other in
                guard other != priority, let total = demands[other]?.total else { return false }
                return total < rest * Double(other.weight) / weights
            }
            guard let modest, let total = demands[modest]?.total else {
                let share = rest * Double(priority.weight) / max(1, weights)
                return demands[priority]?.part(of: share) ?? share
            }
            rest -= total
            classes.removeAll { $0 == modest }
        }
    }
}
