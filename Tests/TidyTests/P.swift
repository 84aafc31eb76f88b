import Testing

@Test func `placeholder Tidy`() {}
