import DeliveryCore
import DeliveryEngine
import QueueFixtures
import QueueTables
import TestSupport
import Testing

/// Campaigns by a part of their name.
@Suite struct CampaignSearchTests {
    private let stores = Stores()

    @Test(arguments: StoreKind.allCases)
    func `a part of the name finds it, ASCII in either case, and any other byte as it is`(
        kind: StoreKind
    ) async throws {
        let store = try stores.make(kind)
        let long = String(repeating: "x", count: 195) + "Ende!"
        let names = [
            "Singles' Day", "100 % off", "100 days", "a_b", "aXb", "Frühling", "FRÜHLING", "双十一",
            long, "back\\slash", "x@[`{", "",
        ]
        for (number, name) in names.enumerated() {
            let campaign = makeNewCampaign(makeID(UInt64(number + 1)), name: name, accounts: [])
            _ = try await store.create(campaign, now: at(0))
        }
        let stories: [(sought: String, found: [String])] = [
            ("SINGLES' d", ["Singles' Day"]), ("0 %", ["100 % off"]), ("%", ["100 % off"]),
            ("a_b", ["a_b"]), ("A_B", ["a_b"]), ("a?b", []), ("früh", ["Frühling"]),
            ("fRÜh", ["FRÜHLING"]), ("ling", ["FRÜHLING", "Frühling"]), ("十", ["双十一"]),
            ("双十一", ["双十一"]), ("双一", []), ("xende!", [long]), (long, [long]), (long + "!", []),
            ("\\", ["back\\slash"]), ("@", ["x@[`{"]), ("[", ["x@[`{"]), ("`", ["x@[`{"]),
            ("day", ["100 days", "Singles' Day"]), ("", names.reversed()),
        ]
        for (sought, found) in stories {
            let filter = CampaignFilter(name: sought)
            let page = try await store.campaigns(matching: filter, before: nil, limit: 50)
            #expect(page.campaigns.map(\.name) == found && page.next == nil, "\(sought)")
        }
    }

    @Test(arguments: StoreKind.allCases, [1, 3, 50])
    func `of several states the newest come first, each once`(
        kind: StoreKind,
        limit: Int
    ) async throws {
        let store = try stores.make(kind)
        for number in 1...40 {
            let campaign = makeNewCampaign(
                makeID(UInt64(number)),
                name: number.isMultiple(of: 3) ? "Big \(number)" : "small \(number)",
                start: number % 4 != 0
            )
            _ = try await store.create(campaign, now: at(0))
            guard number % 5 == 0 else { continue }
            try await store.commit(.transition(makeID(UInt64(number)), .pause), now: at(1))
        }
        let filter = CampaignFilter(states: [.running, .draft], name: "big")
        let expected = (1...40).reversed().filter {
            $0.isMultiple(of: 3) && ($0 % 5 != 0 || $0 % 4 == 0)
        }
        #expect(try await walk(store, filter, limit: limit) == expected.map { "Big \($0)" })
        #expect(try await store.totals() == [.running: 24, .draft: 10, .paused: 6])
    }

    @Test(arguments: StoreKind.allCases, [[], [Campaign.State.draft, .running, .paused]])
    func `a page looks at 5,000 names, and what it didn't reach comes behind its cursor`(
        kind: StoreKind,
        states: [Campaign.State]
    ) async throws {
        let store = try stores.make(kind)
        try await fill(store, count: 12_000)
        let filter = CampaignFilter(states: Set(states), name: "number 7.")
        var pages: [[String]] = []
        var before: Campaign.ID?
        repeat {
            let page = try await store.campaigns(matching: filter, before: before, limit: 50)
            pages.append(page.campaigns.map(\.name))
            before = page.next
        } while before != nil
        // It is the only running one, and old: before it is shown all newer drafts are looked at.
        #expect(pages.last == ["number 7."] && pages.dropLast().allSatisfy(\.isEmpty))
        #expect(pages.count == (states.isEmpty ? 3 : 8))
        let all = CampaignFilter(states: Set(states), name: "number")
        let first = try await store.campaigns(matching: all, before: nil, limit: 2)
        #expect(first.campaigns.map(\.name) == ["number 12000.", "number 11999."])
        #expect(first.next == first.campaigns.last?.id)
    }

    private func walk(
        _ store: Store,
        _ filter: CampaignFilter,
        limit: Int
    ) async throws -> [String] {
        var names: [String] = []
        var before: Campaign.ID?
        repeat {
            let page = try await store.campaigns(matching: filter, before: before, limit: limit)
            #expect(page.campaigns.count <= limit)
            names += page.campaigns.map(\.name)
            before = page.next
        } while before != nil
        return names
    }

    /// Makes so many campaigns, but not their messages, which no search reads.
    ///
    /// In steps: within one transaction each change of a tally makes the next one slower.
    private func fill(_ store: Store, count: Int) async throws {
        for start in stride(from: 0, to: count, by: 1_000) {
            let filled = await store.engine.write(.bulk) { connection in
                try connection.transaction {
                    try connection.run(Self.filling, .int(start + 1), .int(start + 1_000))
                }
            }
            try filled.get()
        }
    }

    private static let filling = StatementText { dialect in
        let (uuid, name) =
            switch dialect {
            case .sqlite: ("CAST(printf('%016d', n) AS BLOB)", "printf('number %d.', n)")
            case .postgres:
                (
                    "convert_to(lpad(n::TEXT, 16, '0'), 'UTF8')",
                    "convert_to('number ' || n || '.', 'UTF8')"
                )
            }
        return """
            INSERT INTO campaign (id, uuid, name, state, priority, on_unknown, packet_overhead,
                created_at_ms)
            WITH RECURSIVE numbers (n) AS
                (SELECT CAST(? AS BIGINT) UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)
            SELECT n, \(uuid), \(name), CASE n WHEN 7 THEN 'running' ELSE 'draft' END, 'normal',
                'leave', 100, 1700000000000
            FROM numbers
            """
    }
}
