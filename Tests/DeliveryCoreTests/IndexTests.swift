import DeliveryCore
import Testing

struct SortedIndexTests {
    @Test(arguments: [UInt64(1), 2, 3])
    func `it holds what a sorted list holds, whatever goes in and out`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var index = SortedIndex<Int>()
        var model: Set<Int> = []
        for step in 0..<6_000 {
            let value = Int.random(in: 0..<4_000, using: &random)
            #expect(index.contains(value) == model.contains(value))
            if model.contains(value) {
                index.remove(value)
                model.remove(value)
            } else {
                index.insert(value)
                model.insert(value)
            }
            // Growing at first and drained in the end.
            if step > 4_000, let first = index.first {
                index.remove(first)
                model.remove(first)
            }
            #expect(index.count == model.count)
            #expect(index.first == model.min())
            if step % 500 == 0 { #expect(Array(index) == model.sorted()) }
        }
        #expect(Array(index) == model.sorted())
    }

    @Test func `two of them are equal if they hold the same, however they came to it`() {
        var (rising, falling) = (SortedIndex<Int>(), SortedIndex<Int>())
        for value in 0..<1_000 {
            rising.insert(value)
            falling.insert(999 - value)
        }
        #expect(rising == falling)
        falling.remove(500)
        #expect(rising != falling)
    }
}

/// The plain way to find whose turn it is: a look at every candidate.
private struct ScannedShares {
    private var classes: [Priority: Int] = [:]
    private var classClock = 0
    private var members: [Campaign.ID: Int] = [:]
    private var memberClocks: [Priority: Int] = [:]

    mutating func next(among candidates: [FairShares.Candidate]) -> FairShares.Candidate? {
        var best: (candidate: FairShares.Candidate, classTime: Int, time: Int)?
        for candidate in candidates {
            let (classTime, time) = times(of: candidate)
            guard let leader = best else {
                best = (candidate, classTime, time)
                continue
            }
            let isSameClass = leader.candidate.priority == candidate.priority
            if isSameClass ? time < leader.time : classTime < leader.classTime {
                best = (candidate, classTime, time)
            }
        }
        guard let best else { return nil }
        classClock = max(classClock, best.classTime)
        let clock = memberClocks[best.candidate.priority, default: 0]
        memberClocks[best.candidate.priority] = max(clock, best.time)
        return best.candidate
    }

    mutating func served(_ candidate: FairShares.Candidate, count: Int) {
        let (classTime, time) = times(of: candidate)
        classes[candidate.priority] = classTime + count * 16 / candidate.priority.weight
        members[candidate.id] = time + count
    }

    mutating func forget(_ id: Campaign.ID) { members[id] = nil }

    private func times(of candidate: FairShares.Candidate) -> (classTime: Int, time: Int) {
        (
            max(classes[candidate.priority, default: 0], classClock),
            max(members[candidate.id, default: 0], memberClocks[candidate.priority, default: 0])
        )
    }
}

struct IndexedSharesTests {
    private struct Seat {
        let candidate: FairShares.Candidate
        let size: Int
    }

    @Test(arguments: UInt64(1)...8)
    func `the index finds whom a look at every candidate finds`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var shares = FairShares()
        var model = ScannedShares()
        // By creation.
        var seats: [Int64: Seat] = [:]
        var last: FairShares.Candidate?
        for step in 0..<3_000 {
            let order = Int64.random(in: 1...40, using: &random)
            let id = makeCampaignID(UInt64(order))
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<4:
                let size = Int.random(in: 1...60, using: &random)
                let index = Int.random(in: 0..<3, using: &random)
                let priority = seats[order]?.candidate.priority ?? Priority.allCases[index]
                let candidate = FairShares.Candidate(id: id, priority: priority)
                seats[order] = Seat(candidate: candidate, size: size)
                shares.enter(candidate, order: order, size: size)
            case 4:
                seats[order] = nil
                shares.leave(id)
            case 5:
                model.forget(id)
                shares.forget(id)
            case 6:
                // Somebody else than whose turn it is, whether or not he has work: gives back.
                let candidate = seats[order]?.candidate ?? last
                guard let candidate else { continue }
                let count = Int.random(in: -20...20, using: &random)
                model.served(candidate, count: count)
                shares.served(candidate, count: count)
            default:
                guard let turn = shares.next() else { continue }
                let count = Int.random(in: 1...60, using: &random)
                model.served(turn, count: count)
                shares.served(turn, count: count)
                last = turn
            }
            let candidates = seats.sorted { $0.key < $1.key }.map(\.value)
            let turn = model.next(among: candidates.map(\.candidate))
            #expect(shares.next() == turn, "seed \(seed), step \(step)")
            guard let turn else { continue }
            let size = Int.random(in: 0...30, using: &random)
            var copy = model
            let small = candidates.filter { $0.size <= size && $0.candidate != turn }
            #expect(
                shares.next(upTo: size, without: turn) == copy.next(among: small.map(\.candidate)),
                "seed \(seed), step \(step)"
            )
        }
        #expect(shares == shares.reseated, "seed \(seed)")
    }
}
