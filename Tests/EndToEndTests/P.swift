import Testing

@Test func `placeholder EndToEnd`() {}
