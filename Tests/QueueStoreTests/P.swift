import Testing

@Test func `placeholder QueueStore`() {}
