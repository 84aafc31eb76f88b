import HTTPAPI
import Synchronization
import Testing

@Suite struct `A table of connections` {
    private final class Client: Sendable {
        private let evictions = Mutex(0)

        var id: ObjectIdentifier { ObjectIdentifier(self) }
        var isEvicted: Bool { evictions.withLock { $0 > 0 } }

        func open(_ table: ConnectionTable) -> ConnectionTable.Admission {
            table.open(id) { self.evictions.withLock { $0 += 1 } }
        }
    }

    private let table = ConnectionTable(limit: 3)
    private let clients = (0..<3).map { _ in Client() }

    init() {
        for client in clients { #expect(client.open(table) == .admitted) }
    }

    @Test func `gives the place of the one that has waited longest`() {
        table.serve(clients[0].id)
        table.wait(clients[0].id)
        let newcomers = (0..<2).map { _ in Client() }
        for client in newcomers { #expect(client.open(table) == .admitted) }
        #expect(clients.map(\.isEvicted) == [false, true, true])
        #expect(table.count == 3)
    }

    @Test func `refuses where all have something to do, and has room again after them`() {
        for client in clients { table.serve(client.id) }
        let refused = Client()
        #expect(refused.open(table) == .refused)
        #expect(clients.allSatisfy { !$0.isEvicted })
        table.close(refused.id)
        table.close(clients[1].id)
        #expect(Client().open(table) == .admitted)
    }

    @Test func `shuts out those that are too many to be told`() {
        for client in clients { table.serve(client.id) }
        let refused = (0..<64).map { _ in Client() }
        for client in refused { #expect(client.open(table) == .refused) }
        #expect(Client().open(table) == .shut)
    }

    @Test func `takes the place of a refused one once it has its answer`() {
        for client in clients { table.serve(client.id) }
        let refused = Client()
        #expect(refused.open(table) == .refused)
        table.wait(refused.id)
        table.close(clients[0].id)
        #expect(Client().open(table) == .admitted)
        #expect(refused.isEvicted)
    }

    @Test func `remembers the order through a great many requests`() {
        for _ in 0..<1_000 {
            for client in clients.dropFirst() {
                table.serve(client.id)
                table.wait(client.id)
            }
        }
        table.wait(clients[0].id)
        #expect(Client().open(table) == .admitted)
        #expect(clients.map(\.isEvicted) == [true, false, false], "it waits no less, said twice")
        #expect(Client().open(table) == .admitted)
        #expect(clients.map(\.isEvicted) == [true, true, false])
    }

    @Test(arguments: [
        (2_000, 1_048_576, 2_000), (2_000, 1_024, 624), (2_000, 256, 128), (10, 1_024, 10),
    ])
    func `leaves files to the others`(wanted: Int, openFiles: Int, limit: Int) {
        #expect(ConnectionTable.limit(wanted: wanted, openFiles: openFiles) == limit)
    }
}
