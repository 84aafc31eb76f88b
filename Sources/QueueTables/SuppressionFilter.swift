package import DeliveryCore
import Synchronization

/// Tells the writer that most accounts certainly aren't on the list of those that must not be
/// addressed, so that a claim asks the table about the few others alone.
///
/// A Bloom filter whose bits of one account lie in one word, which a look touches and nothing else.
/// It only ever gains accounts: what a transaction added that was rolled back, or an account that was
/// taken off the list, costs a question to the table and no more. So all transactions share it,
/// whatever becomes of them.
///
/// It has layers, each of them larger than the one before: a list that grows to any length is never
/// read again for it.
package final class SuppressionFilter: Sendable {
    /// Nil until it is built.
    private let bits = Mutex<Bits?>(nil)

    package init() {}

    package var isBuilt: Bool { bits.withLock { $0 != nil } }

    /// The bytes of its bits.
    package var footprint: Int {
        bits.withLock { ($0?.words.count ?? 0) * MemoryLayout<UInt64>.size }
    }

    /// Takes in the whole list, which has so many accounts; an empty one takes no memory.
    package func build(count: Int, _ body: (_ add: ([UInt8]) -> Void) throws -> Void) rethrows {
        var built = Bits()
        // Room to grow: each further layer costs a look as much as the first.
        if count > 0 { built.addLayer(capacity: max(Self.leastCapacity, count + count / 4)) }
        try body { built.add(Self.hash($0)) }
        bits.withLock { [built] in $0 = built }
    }

    /// Takes in an account, unless the filter has yet to be built from the list.
    package func add(_ account: Account) {
        add([Self.hash(account.bytes)])
    }

    /// Takes in accounts, which so many more will follow, unless the filter has yet to be built from
    /// the list.
    package func add(_ accounts: AccountRun, following count: Int) {
        guard isBuilt else { return }
        add(Self.hashes(of: accounts), following: count)
    }

    private func add(_ hashes: [UInt64], following count: Int = 0) {
        bits.withLock { bits in
            // Taken out while it changes: with a second owner the first change would copy it.
            guard var filter = bits.take() else { return }
            defer { bits = filter }
            let new = hashes.filter { !filter.mayContain($0) }
            guard !new.isEmpty else { return }
            // Those that follow are new as often as these, and lie in one layer with them.
            filter.reserve(new.count + count * new.count / hashes.count)
            for hash in new where !filter.mayContain(hash) { filter.add(hash) }
        }
    }

    /// Those of some accounts that may be on the list; the filter must be built.
    package func candidates(among accounts: AccountRun) -> [Account] {
        bits.withLock { bits in
            guard let bits else { preconditionFailure("the filter is asked before it is built") }
            guard !bits.isEmpty else { return [] }
            let hashes = Self.hashes(of: accounts)
            return bits.named(among: hashes).map { accounts[$0] }
        }
    }

    // MARK: - Bits

    /// 64 KB: what a list of a few accounts takes.
    private static let leastCapacity = 16_384
    /// Few layers, however long the list: five for four million.
    private static let growth = 4

    /// The bits of all layers.
    ///
    /// An account sets five bits of one word, so that a look waits for memory once. With 32 bits for
    /// an account about three in ten thousand others look as if they were on the list.
    private struct Bits: Sendable {
        private(set) var words: [UInt64] = []
        private var layers: [Layer] = []

        private struct Layer {
            /// Its first word.
            let start: Int
            let wordCount: UInt64
            let capacity: Int
            var count = 0
        }

        private static let accountsPerWord = 2

        var isEmpty: Bool { layers.isEmpty }

        mutating func addLayer(capacity: Int) {
            let count = (capacity - 1) / Self.accountsPerWord + 1
            layers.append(Layer(start: words.count, wordCount: UInt64(count), capacity: capacity))
            words += [UInt64](repeating: 0, count: count)
        }

        /// Makes room for so many accounts in one layer, if the last one hasn't.
        mutating func reserve(_ count: Int) {
            guard layers.last.map({ $0.count + count > $0.capacity }) ?? true else { return }
            let grown = SuppressionFilter.growth * (layers.last?.capacity ?? 0)
            addLayer(capacity: max(SuppressionFilter.leastCapacity, grown, count + count / 4))
        }

        /// Takes in an account that isn't contained.
        mutating func add(_ hash: UInt64) {
            reserve(1)
            words[place(of: hash, in: layers[layers.count - 1])] |= Self.mask(of: hash)
            layers[layers.count - 1].count += 1
        }

        func mayContain(_ hash: UInt64) -> Bool {
            let mask = Self.mask(of: hash)
            for layer in layers where words[place(of: hash, in: layer)] & mask == mask {
                return true
            }
            return false
        }

        /// The places of those hashes that may be contained, in their order.
        ///
        /// A layer at a time, and all masks first: then nothing stands between the looks, each of which
        /// waits for memory, and the processor makes many at once.
        func named(among hashes: [UInt64]) -> [Int] {
            let masks = hashes.map { Self.mask(of: $0) }
            var found: [Int] = []
            for layer in layers {
                for index in hashes.indices {
                    let word = words[place(of: hashes[index], in: layer)]
                    if word & masks[index] == masks[index] { found.append(index) }
                }
            }
            return found.isEmpty || layers.count == 1 ? found : Set(found).sorted()
        }

        /// Its word: the upper half of the hash, scaled.
        private func place(of hash: UInt64, in layer: Layer) -> Int {
            layer.start + Int(((hash >> 32) * layer.wordCount) >> 32)
        }

        private static func mask(of hash: UInt64) -> UInt64 {
            let places = SuppressionFilter.mixed(hash)
            return 1 &<< (places & 63) | 1 &<< (places >> 6 & 63) | 1 &<< (places >> 12 & 63)
                | 1 &<< (places >> 18 & 63) | 1 &<< (places >> 24 & 63)
        }
    }

    // MARK: - Hashing

    /// The same in every process, unlike the library's, and eight bytes at a time: a claim has some
    /// microseconds for 500 accounts.
    private static func hash(_ account: [UInt8]) -> UInt64 {
        unsafe account.withUnsafeBytes { unsafe hash($0) }
    }

    private static func hashes(of accounts: AccountRun) -> [UInt64] {
        unsafe accounts.borrowed { run in accounts.indices.map { unsafe hash(run[$0]) } }
    }

    private static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var hash = mixed(UInt64(bytes.count))
        guard bytes.count >= 8 else {
            return unsafe mixed(hash ^ bytes.reduce(0) { $0 << 8 | UInt64($1) })
        }
        // Within the buffer by the conditions; an account is aligned to nothing.
        var index = 0
        while index + 8 < bytes.count {
            let word = unsafe bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            hash = mixed(hash ^ UInt64(littleEndian: word))
            index += 8
        }
        // The last eight bytes, some of which the word before may have had: one load, not a loop.
        let last = bytes.count - 8
        let word = unsafe bytes.loadUnaligned(fromByteOffset: last, as: UInt64.self)
        return mixed(hash ^ UInt64(littleEndian: word))
    }

    /// A number whose every bit depends on most of another's: both halves of a product.
    private static func mixed(_ number: UInt64) -> UInt64 {
        let product = (number ^ 0x9E37_79B9_7F4A_7C15)
            .multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
        return product.high ^ product.low
    }
}
