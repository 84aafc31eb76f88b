import DeliveryCore
import TestSupport
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

/// The plain way to find whose turn it is: a look at every flow.
private struct ScannedShares {
    private var classes: [Priority: Int] = [:]
    private var classClock = 0
    private var members: [Campaign.ID: Int] = [:]
    private var memberClocks: [Priority: Int] = [:]

    mutating func next(among flows: [FairShares.Flow]) -> FairShares.Flow? {
        var best: (flow: FairShares.Flow, classTime: Int, time: Int)?
        for flow in flows {
            let (classTime, time) = times(of: flow)
            guard let leader = best else {
                best = (flow, classTime, time)
                continue
            }
            let isSameClass = leader.flow.priority == flow.priority
            if isSameClass ? time < leader.time : classTime < leader.classTime {
                best = (flow, classTime, time)
            }
        }
        guard let best else { return nil }
        classClock = max(classClock, best.classTime)
        let clock = memberClocks[best.flow.priority, default: 0]
        memberClocks[best.flow.priority] = max(clock, best.time)
        return best.flow
    }

    mutating func served(_ flow: FairShares.Flow, count: Int) {
        let (classTime, time) = times(of: flow)
        classes[flow.priority] = classTime + count * 16 / flow.priority.weight
        members[flow.id] = time + count
    }

    mutating func forget(_ id: Campaign.ID) { members[id] = nil }

    private func times(of flow: FairShares.Flow) -> (classTime: Int, time: Int) {
        (
            max(classes[flow.priority, default: 0], classClock),
            max(members[flow.id, default: 0], memberClocks[flow.priority, default: 0])
        )
    }
}

struct IndexedSharesTests {
    private struct Backlog {
        let flow: FairShares.Flow
        let size: Int
    }

    @Test(arguments: UInt64(1)...8)
    func `the index finds whom a look at every flow finds`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var shares = FairShares()
        var model = ScannedShares()
        // By creation.
        var backlogs: [Int64: Backlog] = [:]
        var last: FairShares.Flow?
        for step in 0..<3_000 {
            let order = Int64.random(in: 1...40, using: &random)
            let id = makeID(UInt64(order))
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<4:
                let size = Int.random(in: 1...60, using: &random)
                let index = Int.random(in: 0..<3, using: &random)
                let priority = backlogs[order]?.flow.priority ?? Priority.allCases[index]
                let flow = FairShares.Flow(id: id, priority: priority)
                backlogs[order] = Backlog(flow: flow, size: size)
                shares.enter(flow, order: order, size: size)
            case 4:
                backlogs[order] = nil
                shares.leave(id)
            case 5:
                model.forget(id)
                shares.forget(id)
            case 6:
                // Somebody else than whose turn it is, whether or not he has work: gives back.
                let flow = backlogs[order]?.flow ?? last
                guard let flow else { continue }
                let count = Int.random(in: -20...20, using: &random)
                model.served(flow, count: count)
                shares.served(flow, count: count)
            default:
                guard let turn = shares.next() else { continue }
                let count = Int.random(in: 1...60, using: &random)
                model.served(turn, count: count)
                shares.served(turn, count: count)
                last = turn
            }
            let flows = backlogs.sorted { $0.key < $1.key }.map(\.value)
            let turn = model.next(among: flows.map(\.flow))
            #expect(shares.next() == turn, "seed \(seed), step \(step)")
            guard let turn else { continue }
            let size = Int.random(in: 0...30, using: &random)
            var copy = model
            let small = flows.filter { $0.size <= size && $0.flow != turn }
            #expect(
                shares.nextNotice(upTo: size, without: turn) == copy.next(among: small.map(\.flow)),
                "seed \(seed), step \(step)"
            )
        }
        #expect(shares.isConsistent, "seed \(seed)")
    }
}
