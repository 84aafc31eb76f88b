import Glibc
import Synchronization

/// Says which input was being tried when the process traps, which no test can catch.
enum CrashNote {
    /// The target's name as it lies in the executable, and the seed.
    struct Place {
        let name: UInt
        let length: UInt
        let seed: UInt64

        init(target: StaticString, seed: UInt64) {
            name = unsafe UInt(bitPattern: target.utf8Start)
            length = UInt(target.utf8CodeUnitCount)
            self.seed = seed
        }
    }

    /// Three words of their own: a signal handler may take no lock.
    struct Current: ~Copyable {
        private let name = Atomic<UInt>(0)
        private let length = Atomic<UInt>(0)
        private let seed = Atomic<UInt64>(0)

        func store(_ place: Place?) {
            length.store(0, ordering: .relaxed)
            name.store(place?.name ?? 0, ordering: .relaxed)
            seed.store(place?.seed ?? 0, ordering: .relaxed)
            length.store(place?.length ?? 0, ordering: .relaxed)
        }

        /// Writes without allocating, which a signal handler mustn't.
        func write() {
            let length = Int(length.load(ordering: .relaxed))
            guard length > 0,
                let start = unsafe UnsafeRawPointer(bitPattern: name.load(ordering: .relaxed))
            else { return }
            unsafe Glibc.write(2, "\nFuzzTests: trapped in ", 23)
            unsafe Glibc.write(2, start, length)
            unsafe Glibc.write(2, ", SEED=", 7)
            var rest = seed.load(ordering: .relaxed)
            var divisor: UInt64 = 1
            while rest / divisor >= 10 { divisor *= 10 }
            while divisor > 0 {
                var digit = UInt8(rest / divisor) + 0x30
                unsafe Glibc.write(2, &digit, 1)
                rest %= divisor
                divisor /= 10
            }
            unsafe Glibc.write(2, "\n", 1)
        }
    }

    static let current = Current()

    private static let isInstalled = Mutex(false)

    static func install() {
        isInstalled.withLock { isInstalled in
            guard !isInstalled else { return }
            isInstalled = true
            for number in [SIGILL, SIGTRAP, SIGSEGV, SIGABRT] {
                signal(number) { number in
                    CrashNote.current.write()
                    signal(number, SIG_DFL)
                    raise(number)
                }
            }
        }
    }
}
