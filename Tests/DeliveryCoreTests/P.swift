import Testing

@Test func `placeholder DeliveryCore`() {}
