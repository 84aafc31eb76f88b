import TencentIMSimulator
import Testing

@Suite struct UserSigVerifierTests {
    @Test(arguments: [
        Signature.xiaojun, .administrator, .operations, .stored,
    ])
    func `signatures of another implementation verify`(signature: Signature) throws {
        let verified = try verify(signature)
        #expect(verified.identifier == signature.identifier)
        #expect(verified.expiresAt == signature.expiresAt)
    }

    @Test func `each thing that is wrong has its own code`() {
        let signature = Signature.administrator
        #expect(code(signature, key: "other") == 70009)
        #expect(code(signature, sdkAppID: 1) == 70014)
        #expect(code(signature, identifier: "dave") == 70013)
        #expect(code(signature, text: "abc") == 70003)
        #expect(code(signature, text: "****") == 70003)
        #expect(code(signature, text: "") == 70003)
    }

    private func verify(
        _ signature: Signature,
        sdkAppID: Int? = nil,
        key: String? = nil,
        identifier: String? = nil,
        text: String? = nil
    ) throws(CallRefusal) -> UserSigVerifier.Verified {
        let verifier = UserSigVerifier(
            sdkAppID: sdkAppID ?? signature.sdkAppID,
            secretKey: Array((key ?? signature.key).utf8)
        )
        return try verifier.verify(
            Array((text ?? signature.text).utf8),
            identifier: identifier ?? signature.identifier
        )
    }

    private func code(
        _ signature: Signature,
        sdkAppID: Int? = nil,
        key: String? = nil,
        identifier: String? = nil,
        text: String? = nil
    ) -> Int? {
        do throws(CallRefusal) {
            _ = try verify(
                signature,
                sdkAppID: sdkAppID,
                key: key,
                identifier: identifier,
                text: text
            )
            return nil
        } catch {
            return error.code
        }
    }
}
