import Testing
import fanoutd

@Suite struct AllocatorTests {
    @Test func `the C library takes the size from which blocks are given back`() {
        #expect(Allocator.mapLargeBlocks())
    }
}
