import DeliveryCore
import TencentIM
import Testing

@Suite struct MessageKeyTests {
    @Test(
        arguments: [
            ("1_2_1700000000", 1, 2), ("4294967295_0_1700000000", 4_294_967_295, 0), ("7_8", 7, 8),
            ("7_8_x_y", 7, 8),
        ] as [(String, UInt32, UInt32)]
    )
    func `a key names its call's numbers`(_ key: String, _ sequence: UInt32, _ random: UInt32) {
        #expect(MessageKey.numbers(in: key) == CallNumbers(sequence: sequence, random: random))
    }

    @Test(arguments: ["", "1", "1_", "_2_3", "a_2_3", "1_b_3", "4294967296_1_3", "+1_2_3", "1-2-3"])
    func `another form of key names none`(_ key: String) {
        #expect(MessageKey.numbers(in: key) == nil)
    }
}
