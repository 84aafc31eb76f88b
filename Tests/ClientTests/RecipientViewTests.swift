import Client
import JSON
import Testing

@Suite struct RecipientViewTests {
    @Test(
        arguments: [
            (#"{"status":"queued","code":null,"info":null,"msg_key":null}"#, "", "", false),
            (#"{"status":"sending"}"#, "", "", false), (#"{"status":"retrying"}"#, "", "", false),
            (#"{"status":"sent","code":0,"msg_key":"1_2_3"}"#, "0", "1_2_3", true),
            (#"{"status":"failed","code":70107,"info":"none"}"#, "70107 none", "", true),
            (#"{"status":"unknown","code":null,"info":"timeout"}"#, "timeout", "", true),
            (#"{"status":"suppressed"}"#, "", "", true),
        ]
    )
    func `a recipient is read as far as it is understood`(
        _ text: String,
        _ info: String,
        _ key: String,
        _ isFinal: Bool
    ) throws {
        let view = RecipientView(try JSON(parsing: Array(text.utf8)))
        #expect(view.info == info && view.messageKey == key && view.isFinal == isFinal)
    }
}
