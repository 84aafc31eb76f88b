import DeliveryCore
import Glibc
import Platform
import QueueFixtures
import QueueTables
import SystemPackage
import Testing

/// Runs that were spilled are merged in the order of their accounts' bytes.
@Suite struct RunSpillTests {
    private let files = TemporaryFiles()

    private func makeSpill(runLimit: Int = RunSpill.usualRunLimit) throws -> RunSpill {
        RunSpill(try ScratchFile(in: FilePath(files.directory)), runLimit: runLimit)
    }

    /// All accounts of a spill, in slices of this size.
    private func merged(_ spill: RunSpill, by size: Int) throws -> [[UInt8]] {
        var merger = try spill.merger()
        var accounts: [[UInt8]] = []
        while true {
            let slice = try merger.next(size).accounts
            if slice.isEmpty { return accounts }
            let isWhole = slice.count == min(size, spill.count - accounts.count)
            #expect(isWhole)
            accounts += slice.indices.map { Array(slice.bytes(at: $0)) }
        }
    }

    @Test(arguments: RunSorterTests.Shape.allCases, [1, 2, 3, 7, 32])
    func `a merge has all accounts in the order of their bytes`(
        shape: RunSorterTests.Shape,
        runCount: Int
    ) throws {
        var random = SplitMix64(seed: UInt64(runCount))
        let spill = try makeSpill()
        var accounts: [[UInt8]] = []
        for number in 0..<runCount {
            var run = AccountRun()
            // One run is much longer than a piece of it in memory, and one has a single account.
            let count = number == 0 ? 6_000 : number == 1 ? 1 : 700
            for index in 0..<count {
                // An account's length has to fit a byte.
                let account = Array(shape.account(index, &random).prefix(255))
                run.append(account)
                accounts.append(account)
            }
            try spill.add(run)
        }
        #expect(spill.count == accounts.count)
        let wanted = accounts.sorted { $0.lexicographicallyPrecedes($1) }
        for size in [999, accounts.count] {
            let isSame = try merged(spill, by: size) == wanted
            #expect(isSame)
        }
    }

    @Test func `a spill is full, and empty again when its runs are removed`() throws {
        let spill = try makeSpill(runLimit: 2)
        let one = AccountRun([Account("b"), Account("a")])
        try spill.add(AccountRun())
        #expect(spill.isEmpty)
        try spill.add(one)
        #expect(!spill.isEmpty && !spill.isFull)
        try spill.add(one)
        #expect(spill.isFull)
        let sorted = try merged(spill, by: 9).map { String(decoding: $0, as: UTF8.self) }
        #expect(sorted == ["a", "a", "b", "b"])
        spill.removeAll()
        #expect(spill.isEmpty && spill.count == 0)
        #expect(try merged(spill, by: 9).isEmpty)
        try spill.add(AccountRun([Account("c")]))
        #expect(try merged(spill, by: 9) == [Array("c".utf8)])
    }

    @Test func `a file that isn't as it was written ends the merge with an error`() throws {
        for (change, isFound) in [
            // Nothing, an account without a byte, one that goes beyond the run, and half of it.
            ({ _ in }, false), ({ try $0.write([0], at: 0) }, true),
            ({ try $0.write([200], at: 2 * 4) }, true), ({ try $0.cut(to: 5) }, true),
        ] as [((ScratchFile) throws -> Void, Bool)] {
            let file = try ScratchFile(in: FilePath(files.directory))
            let spill = RunSpill(file)
            try spill.add(AccountRun(["one", "six", "two"].map { Account($0) }))
            try change(file)
            if isFound {
                #expect(throws: Errno.ioError) { try merged(spill, by: 9) }
            } else {
                #expect(try merged(spill, by: 9).count == 3)
            }
        }
    }

    @Test func `the file is in the folder's disk and has no name in it`() throws {
        let spill = try makeSpill()
        try spill.add(AccountRun([Account("a")]))
        // Only an empty folder can be removed.
        let isRemoved = unsafe rmdir(files.directory) == 0
        #expect(isRemoved)
        #expect(try merged(spill, by: 9) == [Array("a".utf8)])
        #expect(throws: Errno.noSuchFileOrDirectory) {
            try ScratchFile(in: FilePath(files.path("missing")))
        }
    }
}
