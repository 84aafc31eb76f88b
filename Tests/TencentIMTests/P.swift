import Testing

@Test func `placeholder TencentIM`() {}
