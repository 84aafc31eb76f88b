import Testing

@Test func `placeholder fanoutd`() {}
