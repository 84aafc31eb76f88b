import DeliveryCore
import TencentIM
import Testing

struct UserIDTests {
    @Test(arguments: [
        ([UInt8](repeating: 0x61, count: 33), "an account has at most 32 bytes, this one has 33"),
        ([], "an account has 1 to 32 bytes, this one is empty"),
        ([0x61, 0x0A], "an account holds no control characters"),
        ([0xFF], "an account is UTF-8 text, these bytes are not"),
        ([UInt8](repeating: 0x61, count: 32), nil),
    ])
    func `bytes that are no account are told why`(bytes: [UInt8], words: String?) {
        #expect(UserIDs().fault(in: bytes) == words)
    }

    @Test(arguments: [("a", 4), ("a\"b", 7), ("a\\b", 7), ("用", 6), ("/", 4)])
    func `the size counts quotes, escapes and a comma`(text: String, size: Int) {
        #expect(UserIDs().size(of: Account(text)) == size)
    }
}
