import Testing

@Test func `placeholder TencentIMSimulator`() {}
