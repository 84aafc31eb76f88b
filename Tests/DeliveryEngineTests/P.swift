import Testing

@Test func `placeholder DeliveryEngine`() {}
