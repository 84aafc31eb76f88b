import Testing

@Test func `placeholder SystemdNotify`() {}
