import Glibc

/// The C library's allocator, set to return large blocks to the system.
///
/// It maps large blocks one by one, but each one freed makes it take blocks of that size from its
/// heaps from then on. Those of a long stream of recipients, 20 MB each, then leave holes in the
/// heaps of several threads: 155 MB instead of 119 were seen. A size that is set stays as it is.
package enum Allocator {
    /// `M_MMAP_THRESHOLD` of `malloc.h`, which Swift's view of the C library leaves out.
    private static let mapThreshold: CInt = -3

    private static let largeBlock: CInt = 1 << 20

    /// Maps every block of 1 MiB and more; false if the library doesn't support that.
    @discardableResult
    package static func mapLargeBlocks() -> Bool {
        guard let symbol = unsafe dlsym(nil, "mallopt") else { return false }
        typealias Option = @convention(c) (CInt, CInt) -> CInt
        let setOption = unsafe unsafeBitCast(symbol, to: Option.self)
        return setOption(mapThreshold, largeBlock) == 1
    }
}
