import Testing

@Test func `placeholder Simulation`() {}
